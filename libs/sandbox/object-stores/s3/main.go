// An S3 server over a folder: each folder in it is a bucket, each file of that an object. It is versitygw without the other
// backends, whose cloud clients take longer to compile than all that is used here.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	address := flag.String("address", "127.0.0.1:9000", "where to listen")
	certificate := flag.String("cert", "", "PEM file of the certificate; with it HTTPS is spoken")
	key := flag.String("key", "", "PEM file of the certificate's key")
	health := flag.String("health", "/health", "path that answers 200 to everybody")
	flag.Parse()
	if flag.NArg() != 1 {
		fail(fmt.Errorf("one folder is to be served, and %d were given", flag.NArg()))
	}
	// Without metadata it needs no extended attributes, and leaves no file of its own in the folder.
	options := posix.PosixOpts{Concurrency: 5_000, CopyObjectThreshold: 5 << 30}
	options.SetNewDirPerm(0o755)
	options.SetNewFilePerm(0o644)
	backend, err := posix.New(flag.Arg(0), meta.NoMeta{}, options)
	if err != nil {
		fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err = embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		// The command line of a process can be read by every user of the machine; its environment cannot.
		RootUserAccess:    os.Getenv("ROOT_ACCESS_KEY"),
		RootUserSecret:    os.Getenv("ROOT_SECRET_KEY"),
		Region:            "us-east-1",
		Ports:             []string{*address},
		CertFile:          *certificate,
		KeyFile:           *key,
		HealthPath:        *health,
		MaxConnections:    10_000,
		MaxRequests:       10_000,
		MultipartMaxParts: 10_000,
		KeepAlive:         true,
		Quiet:             true,
	})
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
