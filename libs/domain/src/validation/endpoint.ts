/** Where a model server listens: `port:N`, or a unix socket whose directory is shared between the containers. */
export type Endpoint =
  | { readonly kind: 'port'; readonly port: string }
  | { readonly kind: 'unix'; readonly path: string; readonly directory: string };

/** Parses as the original does: whatever does not start with `port:` is a path. */
export function parseEndpoint(text: string): Endpoint {
  if (text.startsWith('port:')) return { kind: 'port', port: text.slice('port:'.length) };
  const path = text.replace(/^unix:\/\//, '').replace(/^unix:/, '');
  return { kind: 'unix', path, directory: directoryOf(path) };
}

/** As Go's filepath.Dir: everything before the last slash, cleaned; `.` when there is none. */
function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash === -1) return '.';
  return (
    path
      .slice(0, slash)
      .replace(/\/+/g, '/')
      .replace(/(.)\/$/, '$1') || '/'
  );
}

/** The directory of the first endpoint that is a socket. */
export function socketDirectory(endpoints: readonly (string | undefined)[]): string | undefined {
  for (const text of endpoints) {
    const endpoint = text === undefined ? undefined : parseEndpoint(text);
    if (endpoint?.kind === 'unix') return endpoint.directory;
  }
  return undefined;
}
