import { Readable } from 'node:stream';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { invalid, optionalText, parseUrl, pullText, requiredText } from '../config-values.ts';
import { codeOf, type FailureFacts } from '../failures.ts';
import { pullObjects, type Bucket, type ObjectPage } from '../objects/pull-objects.ts';
import type { Provider, StorageClient } from '../provider.ts';
import { checkCertificates } from './certificates.ts';
import { s3Handler } from './s3-handler.ts';

const PARALLEL = 10;
const ATTEMPTS = 3;

type S3Fields = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly endpoint: string;
  readonly region: string;
  readonly certificate: string | undefined;
};

export const s3: Provider = (config) => {
  const fields: S3Fields = {
    accessKeyId: requiredText(config, 'access_key_id'),
    secretAccessKey: requiredText(config, 'secret_access_key'),
    endpoint: requiredText(config, 'endpoint_url'),
    region: requiredText(config, 'region'),
    certificate: optionalText(config, 'certificate'),
  };
  return { fields: Object.values(fields), open: () => openS3(fields) };
};

function openS3(fields: S3Fields): StorageClient {
  const endpoint = parseUrl(fields.endpoint, 'endpoint_url');
  if (endpoint.username !== '' || endpoint.password !== '')
    throw invalid(`the configuration 'endpoint_url' holds a user`);
  checkCertificates({ certificate: fields.certificate });
  const handler = s3Handler(fields.certificate);
  const client = new S3Client({
    endpoint: endpoint.href,
    region: fields.region,
    credentials: { accessKeyId: fields.accessKeyId, secretAccessKey: fields.secretAccessKey },
    forcePathStyle: true,
    maxAttempts: ATTEMPTS,
    // Stores other than Amazon's send no checksums of the kind that the SDK would look for.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    requestHandler: handler,
  });
  return {
    pull: (request, limits) =>
      pullObjects(s3Bucket(client, pullText(request.config, 'bucket'), endpoint.host), request, limits),
    close: () => Promise.resolve(client.destroy()),
  };
}

function s3Bucket(client: S3Client, bucket: string, host: string): Bucket {
  return {
    name: `bucket '${bucket}'`,
    host,
    parallel: PARALLEL,
    list: (prefix, next, pageSize, signal) => listPage(client, { bucket, prefix, next, pageSize }, signal),
    read: async (key, signal) => {
      const { Body, ContentLength } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), {
        abortSignal: signal,
      });
      if (!(Body instanceof Readable)) throw new TypeError('The object has no body');
      return { body: Body, announced: ContentLength };
    },
    facts: s3Facts,
  };
}

type Page = {
  readonly bucket: string;
  readonly prefix: string;
  readonly next: string | undefined;
  readonly pageSize: number;
};

async function listPage(client: S3Client, page: Page, signal: AbortSignal): Promise<ObjectPage> {
  const command = new ListObjectsV2Command({
    Bucket: page.bucket,
    Prefix: page.prefix,
    MaxKeys: page.pageSize,
    ...(page.next === undefined ? {} : { ContinuationToken: page.next }),
  });
  const answer = await client.send(command, { abortSignal: signal });
  const objects = (answer.Contents ?? []).map(({ Key = '', Size = 0 }) => ({ key: Key, bytes: Size }));
  return { objects, next: answer.IsTruncated === true ? answer.NextContinuationToken : undefined };
}

function s3Facts(error: unknown): FailureFacts {
  const status = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const code = codeOf(error);
  return { ...(status === undefined ? {} : { status }), ...(code === undefined ? {} : { code }) };
}
