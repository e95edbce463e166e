"""Imports that are put off, on ANTs: what only plots is not there, and works when it is used."""

import subprocess
import sys


def test_ants_is_imported_without_what_only_plots(tmp_path):
    code = (
        "import sys; from sadm.preprocess.affine import import_ants; ants = import_ants(); import numpy as np\n"
        "heavy = {'pandas', 'matplotlib', 'statsmodels', 'sklearn'} & set(sys.modules); assert not heavy, heavy\n"
        "image = ants.from_numpy(np.eye(9, dtype=np.float32)); table = ants.label_stats(image, image.clone('unsigned int'))\n"
        "import pandas, scipy.stats; assert isinstance(table, pandas.DataFrame) and len(table) == 2\n"
        "assert scipy.stats.norm.cdf(0) == 0.5 and type(pandas).__name__ == 'module'"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "MPLCONFIGDIR": str(tmp_path)},
    )
