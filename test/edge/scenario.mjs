// One scenario for every runtime: write, list, read, multipart of unknown size, range, copy, remove through the edge entry.
// Plain web APIs only. Answers facts that the test compares; throws on the first thing that is wrong.

const MiB = 1024 * 1024;

/** Bytes that differ at every position of a part, in uneven chunks, without a known size. */
async function* uneven(total) {
  let at = 0;
  let step = 1000;
  while (at < total) {
    const n = Math.min(step, total - at);
    const chunk = new Uint8Array(n);
    for (let i = 0; i < n; i++) chunk[i] = ((at + i) * 2654435761) >>> 24;
    yield chunk;
    at += n;
    step = (step * 7) % 200_003;
  }
}

async function sha256(chunks) {
  const parts = [];
  let length = 0;
  for await (const c of chunks) {
    parts.push(c);
    length += c.length;
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const p of parts) {
    whole.set(p, at);
    at += p.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', whole);
  return { length, hex: [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('') };
}

function must(condition, what) {
  if (!condition) throw new Error(`edge scenario: ${what}`);
}

export async function scenario(tsclone, { endpoint, accessKeyId, secretAccessKey, bucket, prefix }) {
  const progress = [];
  const remote = {
    type: 's3',
    provider: 'Other',
    endpoint,
    access_key_id: accessKeyId,
    secret_access_key: secretAccessKey,
    no_check_bucket: 'true',
  };
  const session = tsclone.openSession({
    config: { store: remote },
    onEvent: (e) => progress.push(e.type),
  });
  const store = await session.remote(`store:${bucket}/${prefix}`);

  await store.write('small é+ %.txt', 'hello from the edge');
  must((await (await store.read('small é+ %.txt')).text()) === 'hello from the edge', 'small object differs');

  const signer = await tsclone.presigner(store);
  const put = await signer.put('signed é+.txt', { mimeType: 'text/plain', size: 5, metadata: { who: 'me' } });
  // fetch sets the length by itself.
  const headers = Object.fromEntries(Object.entries(put.headers).filter(([name]) => name !== 'content-length'));
  must((await fetch(put.url, { method: put.method, headers, body: 'hello' })).ok, 'a signed upload was refused');
  const get = await signer.get('signed é+.txt');
  must((await (await fetch(get.url)).text()) === 'hello', 'a signed download differs');
  await store.remove('signed é+.txt');

  const total = 11 * MiB + 12_345;
  const web = new ReadableStream({
    start() {
      this.source = uneven(total);
    },
    async pull(controller) {
      const { done, value } = await this.source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const written = await store.write('big.bin', web);
  must(written.size === total, `multipart object has ${written.size} bytes, not ${total}`);

  const expected = await sha256(uneven(total));
  const body = (await store.read('big.bin')).body;
  const reader = body.getReader();
  const got = await sha256(
    (async function* () {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    })(),
  );
  must(got.hex === expected.hex, `multipart object differs: ${got.length} of ${expected.length} bytes`);

  const range = await (await store.read('big.bin', { range: { start: 5 * MiB - 3, end: 5 * MiB + 3 } })).bytes();
  must(range.length === 6, `range has ${range.length} bytes`);

  await store.copy('small é+ %.txt', 'copy.txt');
  await store.remove('small é+ %.txt');
  const names = [];
  for await (const entry of store.list()) names.push(entry.path);
  must(names.join() === 'big.bin,copy.txt', `list gave ${names.join()}`);

  let refused = '';
  try {
    await store.stat('no-such-object');
  } catch (e) {
    refused = e.code;
  }
  must(refused === 'object_not_found', `stat of a missing object: ${refused}`);

  const aborter = new AbortController();
  const aborted = await store
    .write(
      'aborted.bin',
      (async function* () {
        for await (const c of uneven(64 * MiB)) {
          yield c;
          if (!aborter.signal.aborted) aborter.abort();
        }
      })(),
      { signal: aborter.signal },
    )
    .then(
      () => 'stored',
      (e) => e.code,
    );
  must(aborted === 'aborted', `aborted write: ${aborted}`);

  await store.remove('big.bin');
  await store.remove('copy.txt');

  const healthy = await session.diagnose(`store:${bucket}/${prefix}`, { write: true });
  const found = healthy.remotes.flatMap((r) => r.findings.map((f) => `${f.fault}: ${f.answer}`));
  must(healthy.ok && found.length === 0, `diagnosis of what works: ${found.join()}`);
  const wrong = tsclone.openSession({ config: { store: { ...remote, secret_access_key: 'wrong' } } });
  const faults = (await wrong.diagnose(`store:${bucket}`)).remotes.flatMap((r) => r.findings.map((f) => f.fault));
  must(faults.join() === 'wrong_secret', `diagnosis of a wrong secret: ${faults.join()}`);

  return { sha256: got.hex, bytes: got.length, events: progress.length > 0 };
}
