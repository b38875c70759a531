import { Gauge, type Registry } from 'prom-client';

export type ConfigurationMetrics = { seen(problems: number, warnings: number): void };

/** Whether the configuration in the cluster can be used as it stands. */
export function createConfigurationMetrics(registry: Registry): ConfigurationMetrics {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const problems = gauge(
    'meshkeeper_configuration_problems',
    'Wrong fields of the ConfigMap model-serving-config; while there are any, the last good configuration stays in force',
  );
  const warnings = gauge(
    'meshkeeper_configuration_warnings',
    'Settings of that ConfigMap that have no effect, or not the one they seem to',
  );
  return {
    seen(wrong, odd) {
      problems.set(wrong);
      warnings.set(odd);
    },
  };
}
