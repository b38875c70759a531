import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { invalid, optionalText, parseUrl, pullText } from '../config-values.ts';
import { codeOf, type FailureFacts } from '../failures.ts';
import { pullObjects, type Bucket, type ObjectPage } from '../objects/pull-objects.ts';
import type { Provider, StorageClient } from '../provider.ts';
import { createGcsApi, HttpStatusError, type GcsApi } from './gcs-api.ts';
import { createTokenSource, type ServiceAccount } from './gcs-token.ts';

const PARALLEL = 4;
const FIELDS = 'items(name,size,contentEncoding),nextPageToken';
const ENDPOINT = 'https://storage.googleapis.com';

type GcsFields = { readonly account: ServiceAccount | undefined; readonly endpoint: string };

export const gcs: Provider = (config) => {
  const [privateKey, clientEmail] = [optionalText(config, 'private_key'), optionalText(config, 'client_email')];
  if ((privateKey === undefined) !== (clientEmail === undefined)) {
    throw invalid('both private key and client email must be specified for authentication');
  }
  const tokenUri = optionalText(config, 'token_uri');
  const account =
    privateKey === undefined || clientEmail === undefined ? undefined : { privateKey, clientEmail, tokenUri };
  const endpoint = optionalText(config, 'endpoint_url') ?? ENDPOINT;
  return { fields: [privateKey, clientEmail, tokenUri, endpoint], open: () => openGcs({ account, endpoint }) };
};

function openGcs({ account, endpoint }: GcsFields): StorageClient {
  const url = parseUrl(endpoint, 'endpoint_url');
  const api = createGcsApi(url.origin, account === undefined ? undefined : createTokenSource(account));
  return {
    pull: (request, limits) =>
      pullObjects(gcsBucket(api, pullText(request.config, 'bucket'), url.host), request, limits),
    close: () => api.close(),
  };
}

function gcsBucket(api: GcsApi, bucket: string, host: string): Bucket {
  const objects = `/storage/v1/b/${encode(bucket)}/o`;
  return {
    name: `bucket '${bucket}'`,
    host,
    parallel: PARALLEL,
    list: async (prefix, next, pageSize, signal) => {
      const query = new URLSearchParams({ prefix, maxResults: String(pageSize), fields: FIELDS });
      if (next !== undefined) query.set('pageToken', next);
      const { body } = await api.get(`${objects}?${query.toString()}`, signal);
      return parsePage(await body.json());
    },
    read: async (key, signal) => {
      const { body, headers } = await api.get(`${objects}/${encode(key)}?alt=media`, signal);
      const length = Number(headers['content-length'] ?? Number.NaN);
      // An object stored packed is meant to arrive unpacked.
      if (headers['content-encoding'] !== 'gzip') return { body, announced: Number.isNaN(length) ? undefined : length };
      return { body: pipeline(body, createGunzip(), () => {}), announced: undefined };
    },
    facts: gcsFacts,
  };
}

function encode(name: string): string {
  return encodeURIComponent(name.toWellFormed());
}

const pageSchema = z.object({
  items: z
    .array(z.object({ name: z.string(), size: z.coerce.number().default(0), contentEncoding: z.string().optional() }))
    .default([]),
  nextPageToken: z.string().optional(),
});

function parsePage(answer: unknown): ObjectPage {
  const { items, nextPageToken } = pageSchema.parse(answer);
  const objects = items.map(({ name, size, contentEncoding }) => ({
    key: name,
    bytes: size,
    packed: contentEncoding === 'gzip',
  }));
  return { objects, next: nextPageToken };
}

function gcsFacts(error: unknown): FailureFacts {
  if (error instanceof HttpStatusError) return { status: error.status };
  const code = codeOf(error);
  return code === undefined ? {} : { code };
}
