import { CONFIG_MAP_NAME, TYPE_CONSTRAINTS_NAME, type WatchedName } from '@meshkeeper/domain';

/** Whose objects a watcher is interested in, and what they are called where that is a setting. */
export type WatchContext = {
  /** The controller's own namespace. */
  readonly ownNamespace: string;
  /** Nothing outside of it is watched. */
  readonly namespaceScope?: boolean;
  readonly etcdSecretName: string;
  /** Said by the configuration, which may change. Throws CallError. */
  readonly storageSecretName: () => Promise<string>;
};

export async function nameOf(named: WatchedName, context: WatchContext): Promise<string> {
  switch (named) {
    case 'config':
      return CONFIG_MAP_NAME;
    case 'typeConstraints':
      return TYPE_CONSTRAINTS_NAME;
    case 'etcdSecret':
      return context.etcdSecretName;
    case 'storageSecret':
      return context.storageSecretName();
  }
}
