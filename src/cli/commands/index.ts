import type { CommandDefinition } from '../command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly load: () => Promise<CommandDefinition>;
}

/** Every command with its lazy loader, in the order that the overview shows. */
export const commands: readonly CommandEntry[] = [
  { name: 'ls', load: async () => (await import('./ls.ts')).ls },
  { name: 'lsl', load: async () => (await import('./ls.ts')).lsl },
  { name: 'lsd', load: async () => (await import('./lsd.ts')).lsd },
  { name: 'lsf', load: async () => (await import('./lsf.ts')).lsf },
  { name: 'lsjson', load: async () => (await import('./lsjson.ts')).lsjson },
  { name: 'size', load: async () => (await import('./size.ts')).size },
  { name: 'cat', load: async () => (await import('./cat.ts')).cat },
  { name: 'rcat', load: async () => (await import('./rcat.ts')).rcat },
  { name: 'copy', load: async () => (await import('./copy.ts')).copy },
  { name: 'copyto', load: async () => (await import('./copy.ts')).copyto },
  { name: 'move', load: async () => (await import('./move.ts')).move },
  { name: 'moveto', load: async () => (await import('./move.ts')).moveto },
  { name: 'sync', load: async () => (await import('./sync.ts')).sync },
  { name: 'delete', load: async () => (await import('./delete.ts')).deleteCommand },
  { name: 'deletefile', load: async () => (await import('./deletefile.ts')).deletefile },
  { name: 'check', load: async () => (await import('./check.ts')).check },
  { name: 'cryptcheck', load: async () => (await import('./cryptcheck.ts')).cryptcheck },
  { name: 'checksum', load: async () => (await import('./checksum.ts')).checksum },
  { name: 'hashsum', load: async () => (await import('./hashsum.ts')).hashsum },
  { name: 'md5sum', load: async () => (await import('./hashsum.ts')).md5sum },
  { name: 'sha1sum', load: async () => (await import('./hashsum.ts')).sha1sum },
  { name: 'tree', load: async () => (await import('./tree.ts')).tree },
  { name: 'about', load: async () => (await import('./about.ts')).about },
  { name: 'rmdirs', load: async () => (await import('./rmdirs.ts')).rmdirs },
  { name: 'dedupe', load: async () => (await import('./dedupe.ts')).dedupe },
  { name: 'copyurl', load: async () => (await import('./copyurl.ts')).copyurl },
  { name: 'settier', load: async () => (await import('./settier.ts')).settier },
  { name: 'mkdir', load: async () => (await import('./mkdir.ts')).mkdir },
  { name: 'rmdir', load: async () => (await import('./rmdir.ts')).rmdir },
  { name: 'purge', load: async () => (await import('./purge.ts')).purge },
  { name: 'touch', load: async () => (await import('./touch.ts')).touch },
  { name: 'config', load: async () => (await import('./config.ts')).config },
  { name: 'config edit', load: async () => (await import('./config.ts')).configEdit },
  { name: 'config create', load: async () => (await import('./config-create.ts')).configCreate },
  { name: 'config update', load: async () => (await import('./config-create.ts')).configUpdate },
  { name: 'config password', load: async () => (await import('./config-create.ts')).configPassword },
  { name: 'config unset', load: async () => (await import('./config-unset.ts')).configUnset },
  { name: 'config delete', load: async () => (await import('./config-delete.ts')).configDelete },
  { name: 'config show', load: async () => (await import('./config-show.ts')).configShow },
  { name: 'config redacted', load: async () => (await import('./config-show.ts')).configRedacted },
  { name: 'config dump', load: async () => (await import('./config-dump.ts')).configDump },
  { name: 'config file', load: async () => (await import('./config-file.ts')).configFile },
  { name: 'config paths', load: async () => (await import('./config-file.ts')).configPaths },
  { name: 'config string', load: async () => (await import('./config.ts')).configString },
  { name: 'config reconnect', load: async () => (await import('./config.ts')).configReconnect },
  { name: 'config disconnect', load: async () => (await import('./config.ts')).configDisconnect },
  { name: 'config userinfo', load: async () => (await import('./config.ts')).configUserinfo },
  { name: 'config providers', load: async () => (await import('./config-providers.ts')).configProviders },
  { name: 'config touch', load: async () => (await import('./config-file.ts')).configTouch },
  {
    name: 'config encryption set',
    load: async () => (await import('./config-encryption.ts')).configEncryptionSet,
  },
  {
    name: 'config encryption remove',
    load: async () => (await import('./config-encryption.ts')).configEncryptionRemove,
  },
  {
    name: 'config encryption check',
    load: async () => (await import('./config-encryption.ts')).configEncryptionCheck,
  },
  { name: 'listremotes', load: async () => (await import('./listremotes.ts')).listremotes },
  { name: 'obscure', load: async () => (await import('./obscure.ts')).obscure },
  { name: 'reveal', load: async () => (await import('./obscure.ts')).reveal },
  { name: 'backend features', load: async () => (await import('./backend-features.ts')).backendFeatures },
  { name: 'backend', load: async () => (await import('./backend.ts')).backendCommand },
  { name: 'backend encode', load: async () => (await import('./cryptdecode.ts')).backendEncode },
  { name: 'backend decode', load: async () => (await import('./cryptdecode.ts')).backendDecode },
  { name: 'cryptdecode', load: async () => (await import('./cryptdecode.ts')).cryptdecode },
  { name: 'serve s3', load: async () => (await import('./serve-s3.ts')).serveS3 },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctor },
  { name: 'demo', load: async () => (await import('./demo.ts')).demo },
  { name: 'version', load: async () => (await import('./version.ts')).versionCommand },
];

export async function findCommand(name: string): Promise<CommandDefinition | undefined> {
  return commands.find((c) => c.name === name)?.load();
}
