# May stage $1 begin in this cluster? Looks only. Exit 0: yes.
set -eu
stage=${1:?which stage? 1, 2 or 3}
cd "$(dirname "$0")/.."
sh commands/setting.sh
exists={{exists}}
if [ "$stage" -eq 1 ] && [ "$exists" = unknown ]; then
  exit 0
fi
if [ "$stage" -eq 1 ] && [ "$exists" = false ]; then
  if kubectl -n {{namespace}} get secret {{name}} > /dev/null 2>&1; then
    echo "the Secret {{name}} exists, and the plan was made for none: stop," >&2
    echo "and plan again with --live" >&2
    exit 1
  fi
  exit 0
fi
kubectl -n {{namespace}} get secret {{name}} -o json |
  anchorite rollover check . --live - --stage $((stage - 1))
