package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
)

const (
	resync = 12 * time.Hour
	// Between two looks at which resources there are.
	rediscover = 30 * time.Second
)

// manager is what the controllers share.
type manager struct {
	config   *rest.Config
	client   kubernetes.Interface
	metadata metadata.Interface
	mapper   *restmapper.DeferredDiscoveryRESTMapper
	shared   informers.SharedInformerFactory
	any      informerfactory.InformerFactory
	// Closed once the informers run.
	started chan struct{}
	rootCA  []byte
}

// loop runs until its context is done.
type loop func(ctx context.Context)

func connect(ctx context.Context, kubeconfig, rootCA string) (*manager, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// The machine is one's own: no other client has to be spared.
	config.QPS, config.Burst = 400, 800
	authority, err := os.ReadFile(rootCA)
	if err != nil {
		return nil, fmt.Errorf("the root authority: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	onlyMetadata, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	go wait.Until(mapper.Reset, rediscover, ctx.Done())
	shared := informers.NewSharedInformerFactory(client, resync)
	return &manager{
		config:   config,
		client:   client,
		metadata: onlyMetadata,
		mapper:   mapper,
		shared:   shared,
		any:      informerfactory.NewInformerFactory(shared, metadatainformer.NewSharedInformerFactory(onlyMetadata, resync)),
		started:  make(chan struct{}),
		rootCA:   authority,
	}, nil
}

func (m *manager) startInformers(ctx context.Context) {
	m.shared.Start(ctx.Done())
	m.any.Start(ctx.Done())
	close(m.started)
}

func together(ctx context.Context, loops []loop) {
	var running sync.WaitGroup
	for _, run := range loops {
		running.Go(func() { run(ctx) })
	}
	running.Wait()
}
