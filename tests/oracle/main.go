// Oracle serves a real Kubernetes API server over plain HTTP on loopback, to record from.
//
// It starts itself again as kube-apiserver and as kube-controller-manager, and etcd from the path. All that
// these write goes into a folder of its own, which is emptied first: each run is a new cluster.
// Of the controllers run only those that a bare API server needs to be of use: namespaces, service
// accounts, garbage. So nothing changes what was written while it is being recorded.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/component-base/cli"
	server "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

const (
	etcdAddress   = "http://127.0.0.1:23790"
	serverAddress = "https://127.0.0.1:26443"
	token         = "oracle"
)

var wanted = []string{
	"namespace-controller",
	"garbage-collector-controller",
	"serviceaccount-controller",
	"root-ca-certificate-publisher-controller",
}

func main() {
	if len(os.Args) > 1 {
		part := os.Args[1]
		rest := append([]string{os.Args[0]}, os.Args[2:]...)
		switch part {
		case "apiserver":
			os.Args = rest
			os.Exit(cli.Run(server.NewAPIServerCommand()))
		case "types":
			if err := types(); err != nil {
				log.Fatal(err)
			}
			return
		case "numbers":
			if err := numbers(); err != nil {
				log.Fatal(err)
			}
			return
		case "controllers":
			os.Args = rest
			os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
		}
	}
	folder := flag.String("folder", filepath.Join(os.TempDir(), "terrane-oracle"), "where all is kept; emptied first")
	listen := flag.String("listen", "127.0.0.1:18080", "where to serve plain HTTP")
	flag.Parse()
	if err := serve(*folder, *listen); err != nil {
		log.Fatal(err)
	}
}

func serve(folder, listen string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := write(folder); err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	self, err := os.Executable()
	if err != nil {
		return err
	}
	parts := [][]string{
		{"etcd", "--data-dir", in("etcd"), "--listen-client-urls", etcdAddress, "--advertise-client-urls", etcdAddress,
			"--listen-peer-urls", "http://127.0.0.1:23800", "--unsafe-no-fsync"},
		{self, "apiserver", "--etcd-servers", etcdAddress, "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
			"--secure-port", "26443", "--endpoint-reconciler-type", "none", "--cert-dir", in("tls"), "--token-auth-file", in("tokens"),
			"--authorization-mode", "AlwaysAllow", "--allow-privileged", "--service-cluster-ip-range", "10.96.0.0/16",
			"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", in("key"),
			"--service-account-signing-key-file", in("key"), "--watch-cache=true"},
		{self, "controllers", "--kubeconfig", in("kubeconfig"), "--controllers", strings.Join(wanted, ","),
			"--leader-elect=false", "--service-account-private-key-file", in("key"), "--root-ca-file", in("tls/apiserver.crt"),
			"--bind-address", "127.0.0.1", "--secure-port", "26444", "--cert-dir", in("tls")},
	}
	var running []*exec.Cmd
	defer func() {
		for i := len(running) - 1; i >= 0; i-- {
			_ = running[i].Process.Signal(syscall.SIGTERM)
			_ = running[i].Wait()
		}
	}()
	for i, part := range parts {
		command, err := start(part, in(fmt.Sprintf("log-%d", i)))
		if err != nil {
			return err
		}
		running = append(running, command)
		if i == 1 {
			if err := ready(); err != nil {
				return err
			}
		}
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	failed := make(chan error, 1)
	go func() { failed <- http.ListenAndServe(listen, door()) }()
	log.Printf("serving on http://%s", listen)
	select {
	case <-stop:
		return nil
	case err := <-failed:
		return err
	}
}

// start runs a part with its output in a file.
func start(part []string, output string) (*exec.Cmd, error) {
	file, err := os.Create(output)
	if err != nil {
		return nil, err
	}
	command := exec.Command(part[0], part[1:]...)
	command.Stdout, command.Stderr = file, file
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return command, command.Start()
}

// write makes the files that the parts read.
func write(folder string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	config := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: c\n"+
		"clusters: [{name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}]\n"+
		"users: [{name: u, user: {token: %s}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n", serverAddress, token)
	for name, text := range map[string]string{
		"key":        string(block),
		"kubeconfig": config,
		"tokens":     token + ",oracle,oracle,system:masters\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// transport trusts the server's own certificate, which was made a moment ago.
func transport() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
}

// ready waits until the server says that it is.
func ready() error {
	client := http.Client{Transport: transport(), Timeout: 5 * time.Second}
	request, err := http.NewRequest(http.MethodGet, serverAddress+"/readyz", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for range 120 {
		answer, err := client.Do(request)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("the API server did not become ready")
}

// door hands requests on to the server in the name of its administrator.
func door() http.Handler {
	target, _ := url.Parse(serverAddress)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = transport()
	proxy.FlushInterval = -1
	inner := proxy.Director
	proxy.Director = func(request *http.Request) {
		inner(request)
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return proxy
}
