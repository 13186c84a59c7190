# Restarts istiod, one replica after the other, and waits until it runs: it
# reads the CA's files when it starts.
set -eu
kubectl -n {{namespace}} rollout restart deployment -l app=istiod
kubectl -n {{namespace}} rollout status deployment -l app=istiod --timeout=10m
