import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dispositionName, urlName } from '../../../src/operations/url-names.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/servers.ts';
import { startWeb, type Web } from '../../support/web.ts';

describe('names of downloads', () => {
  test.each([
    ['attachment; filename="named.bin"', 'named.bin'],
    ['attachment; filename=plain', 'plain'],
    ['inline;filename="a \\"quoted\\".txt"', 'a "quoted".txt'],
    [`attachment; filename="x"; filename*=UTF-8''%e2%82%ac%20rates.txt`, '€ rates.txt'],
    ['attachment; filename="a/b.txt"', 'b.txt'],
    ['attachment; filename="..\\\\..\\\\x"', 'x'],
  ])('%s', (header, name) => expect(dispositionName(header)).toBe(name));

  test.each([
    '',
    'inline',
    'attachment; filename=""',
    'attachment; filename=".."',
    'attachment; filename="../"',
    'attachment; filename=../../evil',
    `attachment; filename*=UTF-8''..`,
    'attachment; filename=x y',
    'bogus;;;',
  ])('none in %s', (header) => expect(() => dispositionName(header)).toThrow('filename not found'));

  test.each([
    ['https://x.example/a/b%20c.txt?q=1#f', 'b c.txt'],
    ['https://x.example/a/b/', 'b'],
    ['https://x.example/a%2Fb', 'b'],
  ])('%s', (url, name) => expect(urlName(url)).toBe(name));

  test.each(['https://x.example', 'https://x.example/', 'https://x.example/a%2F..'])('none in %s', (url) =>
    expect(() => urlName(url)).toThrow("file name wasn't found"),
  );
});

describe('copyurl', () => {
  let web: Web;
  let dir: Awaited<ReturnType<typeof tempDir>>;
  beforeAll(async () => {
    web = await startWeb();
    dir = await tempDir();
  });
  afterAll(async () => {
    await web.close();
    await dir.remove();
  });
  const run = (...args: string[]): ReturnType<typeof cli> =>
    cli(['copyurl', ...args.map((a) => a.replace('WEB', web.url).replace('DIR', dir.path)), '--retries', '1']);

  test('an answer that is cut off leaves nothing', async () => {
    const done = await run('WEB/short', 'DIR/short');
    expect(done.code).toBe(5);
    expect(await readdir(dir.path)).not.toContain('short');
  });

  test('a server that falls silent is given up', async () => {
    const done = await run('WEB/silent', 'DIR/silent', '--timeout', '200ms');
    expect(done.code).toBe(5);
    expect(done.stderr).toContain('no answer for too long');
    expect(await readdir(dir.path)).not.toContain('silent');
  });

  test('a login in the address is used and not shown', async () => {
    const withLogin = web.url.replace('://', '://me:s%40cret@');
    web.requests.length = 0;
    expect((await run(`${withLogin}/dir/file.txt`, 'DIR/login')).code).toBe(0);
    expect(web.requests).toEqual([`GET /dir/file.txt Basic ${btoa('me:s@cret')}`]);
    const refused = await run(`${withLogin}/short?token=abc`, 'DIR/x');
    expect(refused.stderr).not.toMatch(/s@cret|s%40cret|token=abc/);
    expect(refused.stderr).toContain(`${web.url}/short`);
    expect((await run('ftp://me:hidden@host/x?k=v', 'DIR/x')).stderr).not.toMatch(/hidden|k=v/);
  });

  test('nothing is requested when the destination may not be overwritten', async () => {
    await run('WEB/dir/file.txt', 'DIR/kept');
    web.requests.length = 0;
    const done = await run('WEB/named', 'DIR/kept', '--no-clobber');
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('file already exist');
    expect(web.requests).toEqual([]);
    expect(await readFile(join(dir.path, 'kept'), 'utf8')).toBe('hello');
  });
});
