import type { ModelStatus, VModelStatus } from '@meshkeeper/domain';
import {
  ModelStatusInfo_ModelStatus as ModelProto,
  VModelStatusInfo_VModelStatus as VModelProto,
} from './gen/mmesh/model-mesh.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type ProtoNames<T> = Exclude<keyof T, 'UNRECOGNIZED'>;

/** These compile only while the domain's statuses are exactly the proto's. */
export const MODEL_STATUSES_COVER_PROTO: Same<ModelStatus, ProtoNames<typeof ModelProto>> = true;
export const VMODEL_STATUSES_COVER_PROTO: Same<VModelStatus, ProtoNames<typeof VModelProto>> = true;

export const modelStatusNumber: Readonly<Record<ModelStatus, ModelProto>> = ModelProto;
export const vmodelStatusNumber: Readonly<Record<VModelStatus, VModelProto>> = VModelProto;

function nameOf<Name extends string>(numbers: Readonly<Record<Name, number>>, value: number): Name | undefined {
  return (Object.keys(numbers) as Name[]).find((name) => name !== 'UNRECOGNIZED' && numbers[name] === value);
}

/** A number of a newer mesh is UNKNOWN. */
export function modelStatusName(value: ModelProto): ModelStatus {
  return nameOf(modelStatusNumber, value) ?? 'UNKNOWN';
}

export function vmodelStatusName(value: VModelProto): VModelStatus {
  return nameOf(vmodelStatusNumber, value) ?? 'UNKNOWN';
}
