# ztunnel holds the certificates of its node's workloads.
kubectl get pods -A -l app=ztunnel -o json | jq -r '
  .items[].metadata | .name + "." + .namespace' |
while read -r pod; do
  istioctl ztunnel-config certificate "$pod" -o json < /dev/null > "seen/$pod"
done
