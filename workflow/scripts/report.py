"""Rule report: the study as one HTML file."""

from sadm.study.step import step

with step(snakemake) as project:
    from sadm.report.material import Material
    from sadm.report.page import report

    report(Material.of(snakemake.input, project, **snakemake.params), snakemake.output[0])
