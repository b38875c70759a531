import { join } from 'node:path';
import { Agent } from 'undici';
import { invalid, optionalText, parseUrl } from '../config-values.ts';
import { codeOf, toStorageError } from '../failures.ts';
import { writeDownload } from '../files/write-download.ts';
import type { StorageLimits } from '../limits.ts';
import type { Provider, PullRequest, PullTarget, StorageClient, StorageConfig } from '../provider.ts';
import { StorageError } from '../storage-error.ts';
import { cancelled, withDeadline } from '../with-deadline.ts';
import { checkCertificates, type Certificates } from './certificates.ts';
import { followRedirects, type HttpHeaders, type HttpSource } from './http-redirects.ts';
import { modelUrl, shownUrl } from './http-url.ts';

export const http: Provider = (config) => {
  const url = optionalText(config, 'url');
  if (url === undefined) throw invalid(`required configuration 'url' missing from command`);
  const base = parseUrl(url, 'url');
  const headers = { ...readUser(base), ...readHeaders(config) };
  const certificates = {
    certificate: optionalText(config, 'certificate'),
    clientCertificate: optionalText(config, 'client_certificate'),
    clientKey: optionalText(config, 'client_key'),
  };
  return {
    fields: [base.href, headers, Object.values(certificates).map((text) => text ?? null)],
    open: () => openHttp(base, headers, certificates),
  };
};

/** A user in the URL is sent as Basic credentials, as every other client does. */
function readUser({ username, password }: URL): HttpHeaders {
  if (username === '' && password === '') return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

/** Header values are texts or lists of texts; anything else counts as absent. Names are lower case. */
function readHeaders(config: StorageConfig): HttpHeaders {
  const { headers } = config;
  if (typeof headers !== 'object' || headers === null) return {};
  const entries = Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] => {
    const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
    if (texts.length === 0) return [];
    return [[name.toLowerCase(), Array.isArray(value) ? texts : (texts[0] ?? '')]];
  });
  return Object.fromEntries(entries);
}

function openHttp(base: URL, headers: HttpHeaders, certificates: Certificates): StorageClient {
  checkCertificates(certificates);
  const { certificate, clientCertificate, clientKey } = certificates;
  const own = new Agent({
    connect: {
      ...(certificate === undefined ? {} : { ca: certificate }),
      ...(clientCertificate === undefined || clientKey === undefined
        ? {}
        : { cert: clientCertificate, key: clientKey }),
    },
  });
  // Where a redirect leads to another server: neither the client's certificate nor the private authority is for that one.
  const foreign = new Agent();
  const source = { own, foreign, headers };
  return {
    pull: (request, limits) => pullFiles(base, source, request, limits),
    close: async () => {
      await Promise.all([own.destroy(), foreign.destroy()]);
    },
  };
}

async function pullFiles(base: URL, source: HttpSource, request: PullRequest, limits: StorageLimits): Promise<number> {
  const total = AbortSignal.timeout(limits.httpTotalMs);
  const signal = AbortSignal.any([request.signal, total]);
  let bytes = 0;
  for (const target of request.targets) {
    const url = modelUrl(base, target.path);
    try {
      bytes += await pullFile(url, source, target, { ...request, signal }, limits);
    } catch (error) {
      if (request.signal.aborted) throw cancelled();
      if (total.aborted) {
        throw new StorageError('Timeout', `${shownUrl(url)} did not end within ${limits.httpTotalMs / 1_000} s`);
      }
      throw error;
    }
  }
  return bytes;
}

async function pullFile(
  url: URL,
  source: HttpSource,
  target: PullTarget,
  request: PullRequest,
  limits: StorageLimits,
): Promise<number> {
  const place = { what: shownUrl(url), host: url.host };
  const deadline = { ms: limits.stallMs, signal: request.signal, host: url.host };
  try {
    const answer = await withDeadline(
      deadline,
      (signal) => followRedirects(url, source, signal),
      (late) => late.body.destroy(),
    );
    const download = { ...place, body: answer.body, bytes: answer.announced };
    return await writeDownload(download, join(request.folder, target.localName), request.signal, limits);
  } catch (error) {
    const code = codeOf(error);
    throw toStorageError(error, place, code === undefined ? {} : { code });
  }
}
