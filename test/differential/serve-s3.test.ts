import { rcloneSteps } from '../support/rclone-steps.ts';

rcloneSteps('memory', () => ({ remote: ':memory:' }));
rcloneSteps('local', (dir) => ({ remote: dir }));
