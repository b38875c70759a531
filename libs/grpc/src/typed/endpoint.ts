/**
 * Where a container of the same pod listens, as gRPC dials it: `port:8085` is that port of `localhost`, `unix:///run/a.sock` stands as it is.
 * @throws Error `Invalid Endpoint: …`, in the words of the original
 */
export function endpointAddress(endpoint: string, localhost: string): string {
  const port = /^port:(\d{1,5})$/.exec(endpoint)?.[1];
  if (port !== undefined) return `${localhost}:${port}`;
  if (endpoint.startsWith('unix:') && endpoint.includes('/')) return endpoint;
  throw new Error(`Invalid Endpoint: ${endpoint}; it must be port:<number> or unix:///<path>`);
}
