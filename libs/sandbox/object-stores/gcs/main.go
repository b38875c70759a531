// Google Cloud Storage's JSON API over memory: it starts with the buckets and objects of a folder.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/fsouza/fake-gcs-server/fakestorage"
)

func main() {
	folder := flag.String("seed", "", "folder whose folders are the buckets to start with")
	address := flag.String("address", "127.0.0.1:0", "where to listen")
	flag.Parse()
	if err := serve(*address, *folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve says where it listens, as one line on stdout, once it does.
func serve(address, seed string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	host := listener.Addr().String()
	server, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		Seed:        seed,
		Scheme:      "http",
		NoListener:  true,
		ExternalURL: "http://" + host,
		PublicHost:  host,
	})
	if err != nil {
		return err
	}
	fmt.Println("listening on " + host)
	return http.Serve(listener, server.HTTPHandler())
}
