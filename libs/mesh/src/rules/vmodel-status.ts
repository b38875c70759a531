import type { ModelStatusInfo, VModelStatusInfo } from '@meshkeeper/domain';
import type { VModelRecord } from '@meshkeeper/modelmesh';

export const NO_VMODEL: VModelStatusInfo = {
  status: 'NOT_FOUND',
  owner: '',
  activeModelId: '',
  targetModelId: '',
  activeModelStatus: undefined,
  targetModelStatus: undefined,
};

export type StatusSource = {
  status(modelId: string): ModelStatusInfo;
  /** Why no instance may hold the model, if that is so. */
  unplaceable(modelId: string): string | undefined;
};

/** The status of a vmodel. The target's status is included only while it is not the active one. */
export function vmodelStatus(record: VModelRecord, source: StatusSource): VModelStatusInfo {
  const ids = { owner: record.o, activeModelId: record.amid, targetModelId: record.tmid };
  const activeModelStatus = source.status(record.amid);
  if (record.amid === record.tmid)
    return { ...ids, status: 'DEFINED', activeModelStatus, targetModelStatus: undefined };
  const status = record.failed ? 'TRANSITION_FAILED' : 'TRANSITIONING';
  return { ...ids, status, activeModelStatus, targetModelStatus: targetStatus(record, source) };
}

/** LOADING until the leader gave up; then LOADING_FAILED with the reason, also when nothing was tried for want of a place. */
function targetStatus({ tmid, failed }: VModelRecord, source: StatusSource): ModelStatusInfo {
  const target = source.status(tmid);
  if (!failed) return { ...target, status: 'LOADING' };
  if (target.status === 'LOADING_FAILED') return target;
  const reason = target.status === 'NOT_LOADED' ? source.unplaceable(tmid) : undefined;
  return reason === undefined
    ? { ...target, status: 'LOADING' }
    : { ...target, status: 'LOADING_FAILED', errors: [reason, ...target.errors] };
}
