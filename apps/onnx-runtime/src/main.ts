/** A model server on ONNX Runtime that speaks `mmesh.ModelRuntime` itself. */
import { createLogger, runProcess } from '@meshkeeper/process';
import { readOnnxSettings, startOnnxRuntime } from '@meshkeeper/onnx-runtime';

const logger = createLogger('onnx-runtime', 'info');

await runProcess(logger, async () => {
  const settings = readOnnxSettings(process.env);
  logger.level = settings.logLevel;
  return startOnnxRuntime(settings, logger);
});
