/** How one of several upstreams is preferred. */
export type Preference = 'order' | 'random' | 'newest' | 'leastFree' | 'mostFree' | 'leastUsed' | 'fewestObjects';

/** What a policy does. The names are rclone's. */
export interface Policy {
  readonly name: string;
  /** Changes go to all upstreams that qualify, not to one. */
  readonly many: boolean;
  /** New files go only where their directory exists already (`ep`: existing path). */
  readonly existingPath: boolean;
  readonly preference: Preference;
}

const policy = (name: string, preference: Preference, o: Partial<Policy> = {}): Policy => ({
  name,
  preference,
  many: false,
  existingPath: name.startsWith('ep'),
  ...o,
});

const policies: ReadonlyMap<string, Policy> = new Map(
  [
    policy('all', 'order', { many: true }),
    policy('epall', 'order', { many: true }),
    policy('epff', 'order'),
    policy('eplfs', 'leastFree'),
    policy('eplus', 'leastUsed'),
    policy('eplno', 'fewestObjects'),
    policy('epmfs', 'mostFree'),
    policy('eprand', 'random'),
    policy('ff', 'order'),
    policy('lfs', 'leastFree'),
    policy('lus', 'leastUsed'),
    policy('lno', 'fewestObjects'),
    policy('mfs', 'mostFree'),
    policy('newest', 'newest', { existingPath: true }),
    policy('rand', 'random'),
  ].map((p) => [p.name, p]),
);

export const policyNames: readonly string[] = [...policies.keys()];

export const findPolicy = (name: string): Policy | undefined => policies.get(name.toLowerCase());
