import { Metadata } from '@grpc/grpc-js';
import type { Etcd3 } from 'etcd3';
import type { EtcdConnection } from './etcd-connection.ts';

/** The token of an etcd user, as the metadata of a call. Without a user the metadata is empty. */
export type TokenSource = { getMetadata(): Promise<Metadata>; invalidateMetadata(): void };

/** etcd3's connection pool asks its authenticator, which is private to it. */
type WithAuthenticator = { readonly pool: { authenticator: TokenSource } };

/**
 * Requests a token through `login`, a client without a user, when there is none or etcd has forgotten it. etcd3 would request it over a channel
 * without `grpcOptions`, on which the other name of a certificate is not known (findings/etcd3-token-ignores-grpc-options.sh).
 */
export function createTokenSource(login: Etcd3, user: EtcdConnection['user']): TokenSource {
  let metadata: Promise<Metadata> | undefined;
  const request = async (): Promise<Metadata> => {
    const fresh = new Metadata();
    if (user === undefined) return fresh;
    const { token } = await login.auth.authenticate({ name: user.name, password: user.password });
    fresh.set('token', token);
    return fresh;
  };
  return {
    getMetadata: () =>
      (metadata ??= request().catch((error: unknown) => {
        metadata = undefined;
        throw error;
      })),
    invalidateMetadata: () => {
      metadata = undefined;
    },
  };
}

/** The refusals after which etcd's own client requests a new token (`shouldRefreshToken` in etcd's client/v3). */
const REFUSALS = ['invalid auth token', 'revision of auth store is old', 'user name is empty'];

/** Whether etcd refused a call for its token, and so did nothing. */
export function isTokenRefused({ message }: Error): boolean {
  return REFUSALS.some((refusal) => message.includes(`etcdserver: ${refusal}`));
}

/** Makes `client` send the tokens of `source`. */
export function useTokens(client: Etcd3, source: TokenSource): void {
  (client as unknown as WithAuthenticator).pool.authenticator = source;
}
