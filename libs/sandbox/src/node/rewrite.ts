/** Makes the arguments and the environment of a container fit a process outside of it. */
export type Rewrite = (text: string) => string;

/** A folder of the container and where it really is. */
export type Mount = { readonly mountPath: string; readonly folder: string };

/**
 * Puts the real folder in the place of a mount path, wherever one stands as a path of its own or at the head of one
 * (`etcd:/opt/kserve/mmesh/etcd/etcd_connection`). Each place is replaced once: what is put in is not looked at again.
 */
export function rewritePaths(mounts: readonly Mount[]): Rewrite {
  if (mounts.length === 0) return (text) => text;
  const folders = new Map(mounts.map((mount) => [trimSlash(mount.mountPath), mount.folder]));
  // The longest first: one mount may lie inside another.
  const paths = [...folders.keys()].sort((left, right) => right.length - left.length).map(escapeForPattern);
  const pattern = new RegExp(`(?<=^|[^\\w.\\-/]|://)(?:${paths.join('|')})(?![\\w.\\-])`, 'g');
  return (text) => text.replaceAll(pattern, (path) => folders.get(path) ?? path);
}

function trimSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path;
}

/** Puts the pod's loopback alias in the place of `localhost` and `127.0.0.1`, where they are a whole host. */
export function rewriteHosts(alias: string): Rewrite {
  return (text) => text.replaceAll(/(?<![\w.-])(?:localhost|127\.0\.0\.1)(?![\w.-])/g, alias);
}

/** `$(NAME)` gives the variable, `$$(NAME)` the text `$(NAME)`; an unknown name stays, as in Kubernetes. */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
}

function escapeForPattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
