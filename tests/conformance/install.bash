# The suite and the evaluator as package-lock.json names them, into the build folder; sets packages, muster.
MUSTER_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
muster=${MUSTER_BUILD:-$MUSTER_SOURCE/build/debug}/muster
packages=$MUSTER_SOURCE/build/conformance
[ -x "$muster" ] || { echo "no $muster: build it first" >&2; exit 2; }
mkdir -p "$packages"
exec 9>"$packages/lock" # scenarios run side by side
flock 9
if ! cmp -s "$MUSTER_SOURCE/tests/conformance/package-lock.json" "$packages/installed.json"; then
    command -v npm >/dev/null || { echo "npm is missing: it comes with nodejs, or as a package of its own (apt-get install npm)" >&2; exit 2; }
    cp "$MUSTER_SOURCE/tests/conformance/package.json" "$MUSTER_SOURCE/tests/conformance/package-lock.json" "$packages"
    (cd "$packages" && npm ci --silent --no-audit --no-fund --ignore-scripts) || { echo "npm could not install the suite" >&2; exit 2; }
    cp "$packages/package-lock.json" "$packages/installed.json"
fi
exec 9>&-
