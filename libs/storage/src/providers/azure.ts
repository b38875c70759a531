import { Readable } from 'node:stream';
import { ClientSecretCredential } from '@azure/identity';
import { BlobServiceClient, type ContainerClient, type StoragePipelineOptions } from '@azure/storage-blob';
import { invalid, optionalText, parseUrl, pullText } from '../config-values.ts';
import { codeOf, type FailureFacts } from '../failures.ts';
import { pullObjects, type Bucket, type ObjectPage } from '../objects/pull-objects.ts';
import type { Provider, StorageClient, StorageConfig } from '../provider.ts';

const PARALLEL = 4;
const PIPELINE: StoragePipelineOptions = {
  retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 },
};

export const azure: Provider = (config) => {
  const [account, container] = [optionalText(config, 'account_name'), optionalText(config, 'container')];
  if (account === undefined || container === undefined) {
    throw invalid('both the Azure account name and storage container name must be specified');
  }
  const keys = ['connection_string', 'client_id', 'client_secret', 'tenant_id', 'endpoint_url'];
  const fields = [account, ...keys.map((key) => optionalText(config, key))];
  return { fields, open: () => openAzure(config, account) };
};

function openAzure(config: StorageConfig, account: string): StorageClient {
  const service = connect(config, account);
  const host = new URL(service.url).host;
  return {
    pull: (request, limits) => {
      const name = pullText(request.config, 'container');
      return pullObjects(azureContainer(service.getContainerClient(name), name, host), request, limits);
    },
    close: () => Promise.resolve(),
  };
}

/** A connection string wins over a client secret; with neither, the container must be public. */
function connect(config: StorageConfig, account: string): BlobServiceClient {
  const connection = optionalText(config, 'connection_string');
  if (connection !== undefined) return fromConnectionString(connection);
  const endpoint = optionalText(config, 'endpoint_url') ?? `https://${account}.blob.core.windows.net`;
  const url = parseUrl(endpoint, 'endpoint_url').href;
  const [id, secret, tenant] = ['client_id', 'client_secret', 'tenant_id'].map((key) => optionalText(config, key));
  if (id === undefined || secret === undefined || tenant === undefined) {
    return new BlobServiceClient(url, undefined, PIPELINE);
  }
  return new BlobServiceClient(url, credential(tenant, id, secret), PIPELINE);
}

function fromConnectionString(connection: string): BlobServiceClient {
  try {
    return BlobServiceClient.fromConnectionString(connection, PIPELINE);
  } catch {
    throw invalid(`the configuration 'connection_string' is not an Azure connection string`);
  }
}

function credential(tenant: string, id: string, secret: string): ClientSecretCredential {
  try {
    return new ClientSecretCredential(tenant, id, secret);
  } catch {
    throw invalid(`the configuration 'tenant_id' is not the id of a tenant`);
  }
}

function azureContainer(client: ContainerClient, name: string, host: string): Bucket {
  return {
    name: `container '${name}'`,
    host,
    parallel: PARALLEL,
    list: async (prefix, next, pageSize, signal): Promise<ObjectPage> => {
      const pages = client
        .listBlobsFlat({ prefix, abortSignal: signal })
        .byPage({ maxPageSize: pageSize, ...(next === undefined ? {} : { continuationToken: next }) });
      const page = await pages.next();
      if (page.done === true) return { objects: [], next: undefined };
      const objects = page.value.segment.blobItems.map(({ name: key, properties }) => ({
        key,
        bytes: properties.contentLength ?? 0,
      }));
      return { objects, next: page.value.continuationToken === '' ? undefined : page.value.continuationToken };
    },
    read: async (key, signal) => {
      const answer = await client.getBlobClient(key).download(0, undefined, { abortSignal: signal });
      const { readableStreamBody: body, contentLength } = answer;
      if (!(body instanceof Readable)) throw new TypeError('The blob has no body');
      return { body, announced: contentLength };
    },
    facts: azureFacts,
  };
}

function azureFacts(error: unknown): FailureFacts {
  const { statusCode, name } = error as { readonly statusCode?: unknown; readonly name?: unknown };
  // What Azure's login service says of a wrong client secret is a 400 or a 401.
  if (name === 'AuthenticationError') return { status: 403, code: 'AuthenticationError' };
  const code = codeOf(error);
  return {
    ...(typeof statusCode === 'number' ? { status: statusCode } : {}),
    ...(code === undefined ? {} : { code }),
  };
}
