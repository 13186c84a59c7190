// Asks Go's crypto/x509, which istiod, cert-manager, Linkerd, SPIRE and Vault ask, whether a certificate
// leads to a root.
//
//	go-verify ROOT FILE [CRL]
//
// FILE: the certificate, PEM, then those between it and the root. A workload's must do for servers and for
// clients. CRL: the root's, which must be signed by it and must not list the certificate.
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail("go-verify ROOT FILE [CRL]", nil)
	}
	root, file := certificates(os.Args[1])[0], certificates(os.Args[2])
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	for _, certificate := range file[1:] {
		between.AddCert(certificate)
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	for _, usage := range file[0].ExtKeyUsage {
		if usage == x509.ExtKeyUsageServerAuth {
			usages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		}
	}
	for _, usage := range usages {
		options := x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := file[0].Verify(options); err != nil {
			fail(os.Args[2], err)
		}
	}
	if len(os.Args) > 3 {
		unlisted(file[0], root, os.Args[3])
	}
}

func unlisted(certificate, root *x509.Certificate, path string) {
	list, err := x509.ParseRevocationList(blocks(path)[0])
	if err == nil {
		err = list.CheckSignatureFrom(root)
	}
	if err != nil {
		fail(path, err)
	}
	for _, entry := range list.RevokedCertificates {
		if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
			fail(path, fmt.Errorf("lists the certificate"))
		}
	}
}

func certificates(path string) (all []*x509.Certificate) {
	for _, der := range blocks(path) {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			fail(path, err)
		}
		all = append(all, certificate)
	}
	return all
}

// The contents of the PEM blocks of a file, one at least.
func blocks(path string) (all [][]byte) {
	text, err := os.ReadFile(path)
	if err != nil {
		fail(path, err)
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		all = append(all, block.Bytes)
	}
	if len(all) == 0 {
		fail(path, fmt.Errorf("no PEM block"))
	}
	return all
}

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, what, err)
	os.Exit(1)
}
