import type { Json, JsonObject } from '@meshkeeper/domain';

/** Default values of the API server by field name; in the objects that we create no name has two meanings. */
const DEFAULTS: Readonly<Record<string, Json>> = {
  apiVersion: 'v1',
  defaultMode: 420,
  divisor: '0',
  dnsPolicy: 'ClusterFirst',
  failureThreshold: 3,
  internalTrafficPolicy: 'Cluster',
  periodSeconds: 10,
  progressDeadlineSeconds: 600,
  protocol: 'TCP',
  restartPolicy: 'Always',
  revisionHistoryLimit: 10,
  schedulerName: 'default-scheduler',
  scheme: 'HTTP',
  sessionAffinity: 'None',
  successThreshold: 1,
  terminationGracePeriodSeconds: 30,
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  timeoutSeconds: 1,
};

/** Fields that the server sets by its own rules, with any value. */
const ASSIGNED = [
  'clusterIP',
  'clusterIPs',
  'creationTimestamp',
  'ipFamilies',
  'ipFamilyPolicy',
  'nodePort',
  'scaleDown',
  'scaleUp',
  'serviceAccount',
];

/** Of a Deployment's strategy, and of a Service. */
const TYPES: readonly Json[] = ['RollingUpdate', 'ClusterIP'];

/** Whether the server would set this value by default, so that removing it changes nothing. */
export function isServerDefault(name: string, value: Json, beside: JsonObject): boolean {
  if (isEmpty(value) || ASSIGNED.includes(name)) return true;
  if (name === 'type') return TYPES.includes(value);
  if (name === 'imagePullPolicy') return value === pullPolicy(beside['image']);
  return Object.hasOwn(DEFAULTS, name) && DEFAULTS[name] === value;
}

export function isEmpty(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '' || value === false;
}

/** By the tag of the image; no tag means `latest`. */
function pullPolicy(image: Json): string {
  const [name = '', digest] = (typeof image === 'string' ? image : '').split('@');
  const [, tag = 'latest'] = /:([^:/]+)$/.exec(name) ?? [];
  return digest === undefined && tag === 'latest' ? 'Always' : 'IfNotPresent';
}
