package main

import (
	"context"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/scale"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/deployment"
	"k8s.io/kubernetes/pkg/controller/endpoint"
	"k8s.io/kubernetes/pkg/controller/endpointslice"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
	"k8s.io/kubernetes/pkg/controller/replicaset"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/volume/pvcprotection"
	resourcemetrics "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"
	"k8s.io/metrics/pkg/client/custom_metrics"
	"k8s.io/metrics/pkg/client/external_metrics"
)

// The original's defaults.
const (
	workers           = 5
	collectors        = 20
	namespaceResync   = 5 * time.Minute
	endpointsPerSlice = 100
	scalePeriod       = 15 * time.Second
	scaleDownAfter    = 5 * time.Minute
	scaleTolerance    = 0.1
	podStarts         = 5 * time.Minute
	podBecomesReady   = 30 * time.Second
)

// controllers has each under the original's name.
var controllers = map[string]func(context.Context, *manager) (loop, error){
	"clusterrole-aggregation-controller":          aggregateRoles,
	"deployment-controller":                       rollDeployments,
	"endpoints-controller":                        writeEndpoints,
	"endpointslice-controller":                    writeSlices,
	"garbage-collector-controller":                collectGarbage,
	"horizontal-pod-autoscaler-controller":        scalePods,
	"namespace-controller":                        emptyNamespaces,
	"persistentvolumeclaim-protection-controller": protectClaims,
	"replicaset-controller":                       makePods,
	"root-ca-certificate-publisher-controller":    publishAuthority,
	"serviceaccount-controller":                   makeAccounts,
}

func aggregateRoles(_ context.Context, m *manager) (loop, error) {
	c := clusterroleaggregation.NewClusterRoleAggregation(m.shared.Rbac().V1().ClusterRoles(), m.client.RbacV1())
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func rollDeployments(ctx context.Context, m *manager) (loop, error) {
	apps := m.shared.Apps().V1()
	c, err := deployment.NewDeploymentController(ctx, apps.Deployments(), apps.ReplicaSets(), m.shared.Core().V1().Pods(), m.client)
	return func(ctx context.Context) { c.Run(ctx, workers) }, err
}

func makePods(ctx context.Context, m *manager) (loop, error) {
	sets := m.shared.Apps().V1().ReplicaSets()
	c := replicaset.NewReplicaSetController(ctx, sets, m.shared.Core().V1().Pods(), m.client, replicaset.BurstReplicas)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func writeEndpoints(ctx context.Context, m *manager) (loop, error) {
	core := m.shared.Core().V1()
	c := endpoint.NewEndpointController(ctx, core.Pods(), core.Services(), core.Endpoints(), m.client, 0)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func writeSlices(ctx context.Context, m *manager) (loop, error) {
	core, slices := m.shared.Core().V1(), m.shared.Discovery().V1().EndpointSlices()
	c := endpointslice.NewController(ctx, core.Pods(), core.Services(), core.Nodes(), slices, endpointsPerSlice, m.client, 0)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func collectGarbage(ctx context.Context, m *manager) (loop, error) {
	ignored := garbagecollector.DefaultIgnoredResources()
	graph := garbagecollector.NewDependencyGraphBuilder(ctx, m.metadata, m.mapper, ignored, m.any, m.started)
	c, err := garbagecollector.NewComposedGarbageCollector(ctx, m.client, m.metadata, m.mapper, graph)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		together(ctx, []loop{
			func(ctx context.Context) { c.Run(ctx, collectors, rediscover) },
			func(ctx context.Context) { c.Sync(ctx, m.client.Discovery(), rediscover) },
		})
	}, nil
}

func emptyNamespaces(ctx context.Context, m *manager) (loop, error) {
	resources := m.client.Discovery().ServerPreferredNamespacedResources
	namespaces := m.shared.Core().V1().Namespaces()
	c := namespace.NewNamespaceController(ctx, m.client, m.metadata, resources, namespaces, namespaceResync, v1.FinalizerKubernetes)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func protectClaims(ctx context.Context, m *manager) (loop, error) {
	core := m.shared.Core().V1()
	c, err := pvcprotection.NewPVCProtectionController(klog.FromContext(ctx), core.PersistentVolumeClaims(), core.Pods(), m.client)
	return func(ctx context.Context) { c.Run(ctx, 1) }, err
}

func publishAuthority(_ context.Context, m *manager) (loop, error) {
	core := m.shared.Core().V1()
	c, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), m.client, m.rootCA)
	return func(ctx context.Context) { c.Run(ctx, 1) }, err
}

func makeAccounts(ctx context.Context, m *manager) (loop, error) {
	core, options := m.shared.Core().V1(), serviceaccount.DefaultServiceAccountsControllerOptions()
	c, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(), m.client, options)
	return func(ctx context.Context) { c.Run(ctx, 1) }, err
}

func scalePods(ctx context.Context, m *manager) (loop, error) {
	kinds := scale.NewDiscoveryScaleKindResolver(m.client.Discovery())
	scales, err := scale.NewForConfig(m.config, m.mapper, dynamic.LegacyAPIPathResolverFunc, kinds)
	if err != nil {
		return nil, err
	}
	measured, err := metricsOf(m)
	if err != nil {
		return nil, err
	}
	c := podautoscaler.NewHorizontalController(
		ctx, m.client.CoreV1(), scales, m.client.AutoscalingV2(), m.mapper, measured,
		m.shared.Autoscaling().V2().HorizontalPodAutoscalers(), m.shared.Core().V1().Pods(),
		scalePeriod, scaleDownAfter, scaleTolerance, podStarts, podBecomesReady,
	)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func metricsOf(m *manager) (metrics.MetricsClient, error) {
	resources, err := resourcemetrics.NewForConfig(m.config)
	if err != nil {
		return nil, err
	}
	external, err := external_metrics.NewForConfig(m.config)
	if err != nil {
		return nil, err
	}
	available := custom_metrics.NewAvailableAPIsGetter(m.client.Discovery())
	return metrics.NewRESTMetricsClient(resources, custom_metrics.NewForConfig(m.config, m.mapper, available), external), nil
}
