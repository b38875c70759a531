import { DEFAULT_CONFIG, parseConfig, type KubeObject, type MeshConfig } from '@meshkeeper/domain';
import { decodeConfigMap } from '@meshkeeper/kubernetes';
import type { Report } from './problems.ts';

/** The configuration in a ConfigMap, with a line for everything in it that is wrong or without effect; undefined when it is wrong. */
export function checkConfig(object: KubeObject | undefined, report: Report): MeshConfig | undefined {
  if (object === undefined) return DEFAULT_CONFIG;
  const about = `ConfigMap ${object.metadata.namespace}/${object.metadata.name}`;
  const parsed = parseConfig(decodeConfigMap(object));
  if (parsed.kind === 'bad') {
    for (const problem of parsed.problems) report('error', `${about}: ${problem}`);
    return undefined;
  }
  for (const warning of parsed.warnings) report('warning', `${about}: ${warning}`);
  return parsed.config;
}
