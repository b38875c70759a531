/** Where a model server listens: `port:N`, or a unix socket whose directory is shared between the containers. */
export type Endpoint =
  | { readonly kind: 'port'; readonly port: string }
  | { readonly kind: 'unix'; readonly path: string; readonly directory: string };

/** Parses as the original does: whatever does not start with `port:` is a path (rendering.md §1.6). */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('port:')) return { kind: 'port', port: text.slice('port:'.length) };
  const path = text.replace(/^unix:\/\//, '').replace(/^unix:/, '');
  const slash = path.lastIndexOf('/');
  const directory = slash === -1 ? '.' : path.slice(0, slash) || '/';
  return { kind: 'unix', path, directory };
}
