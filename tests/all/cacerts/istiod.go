// What istiod and a Go peer make of a directory with the four files, by Go's own crypto/x509: the second
// opinion on `anchorite inspect cacerts`. Written after what istiod does at its start; prints one line a
// directory: its name, whether istiod starts, whether a Go peer accepts a workload under it.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// No workload can be tried without a key.
var errNoLeaf = errors.New("no key of this certificate")

func key(text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("no PEM")
	}
	var err error
	switch block.Type {
	case "EC PRIVATE KEY":
		_, err = x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		_, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "PRIVATE KEY":
		_, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	default:
		err = errors.New("unsupported type " + block.Type)
	}
	return err
}

func look(dir string, now time.Time) (starts, accepted error) {
	var files [4][]byte
	for i, name := range []string{"ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem"} {
		bytes, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err, err
		}
		files[i] = bytes
	}
	roots, chain := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(files[3])
	chain.AppendCertsFromPEM(files[2])
	block, _ := pem.Decode(files[0])
	if block == nil {
		return errors.New("no PEM"), errors.New("no PEM")
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err, err
	}
	if _, err = ca.Verify(x509.VerifyOptions{Roots: roots, Intermediates: chain, CurrentTime: now}); err != nil {
		starts = err
	} else if err = key(files[1]); err != nil {
		starts = err
	} else if _, err = tls.X509KeyPair(files[0], files[1]); err != nil {
		starts = err
	} else if !ca.IsCA {
		starts = errors.New("not authorized to sign other certificates")
	}
	pair, err := tls.X509KeyPair(files[0], files[1])
	if err != nil {
		return starts, errNoLeaf
	}
	id, _ := url.Parse("spiffe://cluster.local/ns/x/sa/y")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), URIs: []*url.URL{id}, NotBefore: now.Add(-2 * time.Minute), NotAfter: now.Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	own, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	der, err := x509.CreateCertificate(rand.Reader, template, ca, own.Public(), pair.PrivateKey)
	if err != nil {
		return starts, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return starts, err
	}
	uses := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, use := range uses {
		options := x509.VerifyOptions{Roots: roots, Intermediates: chain, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{use}}
		if _, err = leaf.Verify(options); err != nil {
			return starts, err
		}
	}
	return starts, nil
}

func word(accepted error) string {
	switch {
	case accepted == nil:
		return "true"
	case accepted == errNoLeaf:
		return "untold"
	default:
		return "false"
	}
}

func main() {
	seconds, err := strconv.ParseInt(os.Args[1], 10, 64)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	for _, dir := range os.Args[2:] {
		starts, accepted := look(dir, time.Unix(seconds, 0))
		fmt.Fprintf(&out, "%s\t%v\t%v\t%v; %v\n", filepath.Base(dir), starts == nil, word(accepted), starts, accepted)
	}
	os.Stdout.Write(out.Bytes())
}
