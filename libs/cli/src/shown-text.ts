import { type Json, type KubeObject } from '@meshkeeper/domain';
import { toYaml } from './yaml-text.ts';

/** An object as people read it: what a ConfigMap holds encoded is decoded, and JSON in it is laid out. */
export function shownText(object: KubeObject): string {
  const { binaryData, ...rest } = object;
  if (binaryData === undefined) return toYaml(rest);
  const encoded = Object.entries(binaryData as Readonly<Record<string, string>>);
  const texts = encoded.map(([name, text]) => [name, decodedJson(text)]);
  return toYaml({ ...rest, binaryData: Object.fromEntries(texts) });
}

function decodedJson(encoded: string): Json {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
