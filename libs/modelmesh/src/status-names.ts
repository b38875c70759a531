import type { ModelStatus, VModelStatus } from '@meshkeeper/domain';
import {
  ModelStatusInfo_ModelStatus as ModelProto,
  VModelStatusInfo_VModelStatus as VModelProto,
} from './gen/mmesh/model-mesh.ts';

/** What ts-proto adds for numbers it does not know is no status. */
type NamesOf<Proto> = Exclude<keyof Proto, 'UNRECOGNIZED'>;

function namesOf<Proto extends object>(proto: Proto): readonly NamesOf<Proto>[] {
  return Object.keys(proto).filter((name) => name !== 'UNRECOGNIZED') as NamesOf<Proto>[];
}

/** Each compiles only while every status of the domain is one of the proto … */
export const modelStatusNumber: Readonly<Record<ModelStatus, ModelProto>> = ModelProto;
export const vmodelStatusNumber: Readonly<Record<VModelStatus, VModelProto>> = VModelProto;

/** … and each of these only while every status of the proto is one of the domain. */
const modelNames: readonly ModelStatus[] = namesOf(ModelProto);
const vmodelNames: readonly VModelStatus[] = namesOf(VModelProto);

/** A number of a newer mesh is UNKNOWN. */
export function modelStatusName(value: ModelProto): ModelStatus {
  return modelNames.find((name) => modelStatusNumber[name] === value) ?? 'UNKNOWN';
}

export function vmodelStatusName(value: VModelProto): VModelStatus {
  return vmodelNames.find((name) => vmodelStatusNumber[name] === value) ?? 'UNKNOWN';
}
