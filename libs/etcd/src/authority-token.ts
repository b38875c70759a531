import { Metadata } from '@grpc/grpc-js';
import { Etcd3, type IOptions } from 'etcd3';

/** What etcd3's connection pool asks its authenticator, which is private to it. */
type Authenticator = { getMetadata(): Promise<Metadata>; invalidateMetadata(): void };
type WithAuthenticator = { readonly pool: { authenticator: Authenticator } };

/**
 * A client that authenticates although the server's certificate carries another name than the endpoint. etcd3 requests its token over a
 * channel without `grpcOptions`, on which that name is not known (findings/etcd3-token-ignores-grpc-options.sh), so the token is requested
 * through a second client here.
 */
export function clientWithAuthority({ auth, ...options }: IOptions & Required<Pick<IOptions, 'auth'>>): Etcd3 {
  const client = new Etcd3(options);
  const tokens = new Etcd3(options);
  let metadata: Promise<Metadata> | undefined;
  const request = async (): Promise<Metadata> => {
    const { token } = await tokens.auth.authenticate({ name: auth.username, password: auth.password });
    const fresh = new Metadata();
    fresh.set('token', token);
    return fresh;
  };
  (client as unknown as WithAuthenticator).pool.authenticator = {
    getMetadata: () =>
      (metadata ??= request().catch((error: unknown) => {
        metadata = undefined;
        throw error;
      })),
    invalidateMetadata: () => {
      metadata = undefined;
    },
  };
  const close = client.close.bind(client);
  client.close = () => {
    tokens.close();
    close();
  };
  return client;
}
