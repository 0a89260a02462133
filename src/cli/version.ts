import { arch, platform, release } from 'node:os';
import { version } from '../core/version.ts';

/** The release of rclone whose behaviour is matched; wrappers read it from the first line. */
const rcloneVersion = '1.75.2';

export { version };

export function versionText(): string {
  return `rclone v${rcloneVersion}
- tsclone/version: ${version}
- os/version: ${platform()} ${release()}
- os/type: ${platform()}
- os/arch: ${arch() === 'x64' ? 'amd64' : arch()}
- node/version: ${process.versions.node}
`;
}
