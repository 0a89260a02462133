import type { ConfigFile } from './file.ts';

/** Changes to a config that are seen here at once and reach the file only when they are applied to it. */
export class ConfigDraft {
  /** The config as it would be. */
  readonly view: ConfigFile;
  readonly #changes: ((config: ConfigFile) => void)[] = [];

  constructor(config: ConfigFile) {
    this.view = config.clone();
  }

  change(by: (config: ConfigFile) => void): void {
    by(this.view);
    this.#changes.push(by);
  }

  /** Repeats the changes on a config that may have changed elsewhere meanwhile. */
  applyTo(config: ConfigFile): void {
    for (const by of this.#changes) by(config);
  }
}
