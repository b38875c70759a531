import { binaryValuesOf, type HeaderList, RpcError, valuesOf } from '@meshkeeper/grpc';
import type { MethodRule } from './data-plane-config.ts';
import { extractText } from './proto-path.ts';

export type RequestId = { readonly kind: 'model' | 'vmodel'; readonly id: string };

const KINDS = ['model', 'vmodel'] as const;

/**
 * Which models a call is for: what its message says, else its headers. Several headers of a kind call several models concurrently.
 * @throws RpcError INVALID_ARGUMENT with the original's texts
 */
export function requestIds(
  headers: HeaderList,
  message: Buffer,
  rule: MethodRule,
): readonly [RequestId, ...RequestId[]] {
  const { idExtractionPath, vModelId } = rule;
  const named = idExtractionPath === undefined ? undefined : extractText(message, idExtractionPath);
  if (named !== undefined) return [{ kind: vModelId ? 'vmodel' : 'model', id: named }];
  const given = KINDS.map((kind) => ({ kind, ids: idsOf(headers, kind) })).filter(({ ids }) => ids.length > 0);
  const [first, second] = given;
  if (first === undefined) throw new RpcError('INVALID_ARGUMENT', 'must include mm-model-id header');
  if (second !== undefined) throw new RpcError('INVALID_ARGUMENT', 'must include only one of model id and vmodel id');
  const [id, ...others] = first.ids.map((each): RequestId => ({ kind: first.kind, id: each }));
  if (id === undefined || first.ids.includes(''))
    throw new RpcError('INVALID_ARGUMENT', `provided ${first.kind}-id header must be non-empty`);
  return [id, ...others];
}

function idsOf(headers: HeaderList, kind: 'model' | 'vmodel'): readonly string[] {
  const name = `mm-${kind}-id`;
  const binary = binaryValuesOf(headers, `${name}-bin`);
  return binary.length > 0 ? binary.map((bytes) => bytes.toString()) : valuesOf(headers, name);
}
