import { obscured } from '../support/layered.ts';
import { rcloneSteps } from '../support/rclone-steps.ts';

rcloneSteps('crypt over local', (dir) => ({
  remote: 'secret:',
  env: {
    RCLONE_CONFIG_SECRET_TYPE: 'crypt',
    RCLONE_CONFIG_SECRET_REMOTE: dir,
    RCLONE_CONFIG_SECRET_PASSWORD: obscured('one'),
  },
}));

const keys = { accessKeyId: 'R2TOKEN', secretAccessKey: 'r2-secret' };
rcloneSteps("local, with a token under Cloudflare R2's rules", (dir) => ({
  remote: dir,
  env: { RCLONE_R2_TOKEN: `"${keys.accessKeyId},${keys.secretAccessKey},admin-rw"` },
  provider: 'Cloudflare',
  keys,
}));
