import { messageOf, type KubeObject } from '@meshkeeper/domain';
import { parseAllDocuments, type Tags } from 'yaml';
import { z } from 'zod';
import { InputError } from './input-error.ts';

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? undefined);
const text = z.string().min(1);

const objectSchema = z.looseObject({
  apiVersion: text,
  kind: text,
  metadata: z.looseObject({
    name: text,
    namespace: z
      .string()
      .nullish()
      .transform((given) => given || undefined),
    labels: texts,
    annotations: texts,
  }),
});
const listSchema = z.looseObject({
  apiVersion: text,
  kind: z.string().endsWith('List'),
  items: z.array(z.record(z.string(), z.unknown())),
});

/** The Kubernetes objects of a text: YAML documents or JSON, lists taken apart. @throws InputError that names `file` and the place. */
export function parseManifests(file: string, content: string): readonly KubeObject[] {
  const documents = parseDocuments(file, content);
  return documents.flatMap((document, i) => {
    const where = documents.length === 1 ? file : `${file}: document ${i + 1}`;
    return itemsOf(document).map((item) => toObject(where, item));
  });
}

/** Items of a list that the server made do not name their own kind. */
function itemsOf(document: unknown): readonly unknown[] {
  if (document === null || document === undefined) return [];
  const list = listSchema.safeParse(document);
  if (!list.success) return [document];
  const { apiVersion, kind, items } = list.data;
  const known = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.map((item) => ({ ...known, ...item }));
}

function toObject(where: string, item: unknown): KubeObject {
  const result = objectSchema.safeParse(item);
  if (result.success) return result.data as KubeObject;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw new InputError(`${where} is no Kubernetes object: ${path === '' ? '' : `${path}: `}${issue?.message}`);
}

/** JSON may be indented in ways that YAML does not allow, and may be one object per line. @throws InputError */
export function parseDocuments(file: string, content: string): readonly unknown[] {
  try {
    if (content.trimStart().startsWith('{')) return parseJson(content);
    const documents = parseAllDocuments(content, { version: '1.1', customTags: withoutTimes });
    return documents.map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as unknown;
    });
  } catch (error) {
    throw new InputError(`${file} cannot be read: ${messageOf(error).split('\n')[0]}`);
  }
}

function parseJson(content: string): readonly unknown[] {
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.every((line) => isWhole(line))
    ? lines.map((line) => JSON.parse(line) as unknown)
    : [JSON.parse(content)];
}

/** Lines of one object each begin and end with its braces; those of a laid-out object do not. */
function isWhole(line: string): boolean {
  const text = line.trim();
  return text.startsWith('{') && text.endsWith('}');
}

/** As kubectl reads YAML 1.1: `yes` is a boolean, but a day, a time and an image `a:30` are texts. */
function withoutTimes(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'string' || (tag.tag !== TIMESTAMP && tag.format !== 'TIME'));
}

const TIMESTAMP = 'tag:yaml.org,2002:timestamp';
