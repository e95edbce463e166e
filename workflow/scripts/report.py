"""Rule report: the study as one HTML file."""

from sadm.runtime.job import to_log

with to_log(snakemake.log[0], snakemake.threads):
    from sadm.report.material import Material
    from sadm.report.page import report

    report(Material.of(snakemake.input, **snakemake.params), snakemake.output[0])
