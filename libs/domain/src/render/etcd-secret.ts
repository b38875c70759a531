import { CallError } from '../reasons/call-error.ts';
import { goJson } from '../registration/go-json.ts';
import { asObject, type Json, type JsonObject } from '../objects/reduce.ts';

const CONNECTION = 'etcd_connection';
/** The original's order, so that a copy that it made is found equal. */
const FIELDS = [
  'endpoints',
  'userid',
  'password',
  'root_prefix',
  'certificate',
  'certificate_file',
  'client_key',
  'client_key_file',
  'client_certificate',
  'client_certificate_file',
  'override_authority',
];

/** A Secret's `data`: base64 texts by key. */
export type SecretData = Readonly<Record<string, string>>;

/**
 * The connection of a namespace's mesh to etcd, made from the controller's: the same, under its own prefix. Fields that no version
 * knows come along, and so do the files that are named.
 * @throws CallError `Terminal` when the controller's Secret holds no such connection. No message holds any of its bytes.
 */
export function namespacedEtcdSecret(data: SecretData, namespace: string): SecretData {
  const connection = readConnection(data[CONNECTION]);
  const root = typeof connection['root_prefix'] === 'string' ? connection['root_prefix'] : '';
  const wanted: Record<string, Json> = { ...connection, root_prefix: `${root}/mm_ns/${namespace}` };
  const ordered: Record<string, Json> = {};
  for (const field of [...FIELDS, ...Object.keys(wanted)]) {
    if (wanted[field] !== undefined && wanted[field] !== '') ordered[field] = wanted[field];
  }
  const files = Object.entries(ordered).flatMap(([field, name]) =>
    field.endsWith('_file') && typeof name === 'string' ? [name.replace(/^\.\//, '')] : [],
  );
  const copied = files.flatMap((name) => (data[name] === undefined ? [] : [[name, data[name]] as const]));
  const text = goJson(ordered);
  return { ...Object.fromEntries(copied), [CONNECTION]: Buffer.from(text).toString('base64') };
}

function readConnection(encoded: string | undefined): JsonObject {
  if (encoded === undefined) throw invalid(`has no key ${CONNECTION}`);
  try {
    const parsed = asObject(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
    if (typeof parsed['endpoints'] === 'string') return parsed;
  } catch {
    // The error would quote the text.
  }
  throw invalid(`holds under ${CONNECTION} no JSON object with a text "endpoints"`);
}

function invalid(problem: string): CallError {
  return new CallError('Terminal', `The Secret with the connection to etcd ${problem}`, { code: 'EtcdSecretInvalid' });
}
