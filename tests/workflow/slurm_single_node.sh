#!/usr/bin/env bash
# A Slurm of one node on this machine, all of it below the folder $1: no systemd, no cgroups, no accounting database.
# Two partitions (cpu, the default, and gpu) share the node; its 16 CPUs and two GPUs are pretended. Needs root, slurm-wlm and munge.
# /etc/slurm/slurm.conf becomes a link: Snakemake's executor hands SLURM_CONF to no job.
# To stop: scontrol shutdown; kill $(cat $1/munged.pid); rm /etc/slurm/slurm.conf /etc/slurm/gres.conf
set -euo pipefail
D=$(realpath "$1") H=$(hostname -s)
if [ -e /etc/slurm/slurm.conf ]; then
    echo "This machine has a Slurm: /etc/slurm/slurm.conf" >&2
    exit 1
fi
mkdir -p "$D/state" "$D/spool"
head -c 1024 /dev/urandom > "$D/munge.key"
chmod 400 "$D/munge.key"
munged --force --key-file="$D/munge.key" --socket="$D/munge.socket" --pid-file="$D/munged.pid" \
    --log-file="$D/munged.log" --seed-file="$D/munge.seed" 2> "$D/munged.start"
cat > "$D/slurm.conf" <<C
ClusterName=local
SlurmctldHost=$H(127.0.0.1)
SlurmUser=root
SlurmctldPort=${SLURM_PORT:-16817}
SlurmdPort=$((${SLURM_PORT:-16817} + 1))
AuthType=auth/munge
AuthInfo=socket=$D/munge.socket
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool
SlurmctldPidFile=$D/slurmctld.pid
SlurmdPidFile=$D/slurmd.pid
SlurmctldLogFile=$D/slurmctld.log
SlurmdLogFile=$D/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
KillWait=60
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
GresTypes=gpu
NodeName=$H NodeAddr=127.0.0.1 CPUs=16 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=cpu Nodes=$H Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$H MaxTime=INFINITE State=UP
C
echo "NodeName=$H Name=gpu File=/dev/null,/dev/zero" > "$D/gres.conf"
ln -sf "$D/slurm.conf" "$D/gres.conf" /etc/slurm/
slurmctld
slurmd
for _ in $(seq 30); do
    sinfo --noheader --format=%T --partition=cpu 2> /dev/null | grep -q idle && exit
    sleep 1
done
tail -5 "$D"/*.log >&2
exit 1
