"""Pack NIST's tables of dose behind aluminum into kernels/caloris_kernels/particle/tables/shield_dose.npz.

    python tools/shield_dose_tables.py FILE [TABLE]

FILE holds the data of SHIELDOSE-2 as DATA statements of Fortran: prot_and_elbr_bas2.f, which the source package of
spacepy 0.7 on PyPI carries (irbempy/irbem-lib-*/source). The numbers are those of the files PROTBAS2.DAT (6 August
1993) and ELBRBAS2.DAT (23 June 1993) of S. M. Seltzer, Updated calculations for routine space-shielding radiation
dose estimates: SHIELDOSE-2, NISTIR 5477, National Institute of Standards and Technology (1994): work of the United
States' government, in the public domain. Only numbers are read; what is made of them stands in
caloris_kernels/particle/shield_dose.py.
"""

import re
import sys
from pathlib import Path

import numpy as np

TABLE = Path(__file__).parents[1] / "kernels" / "caloris_kernels" / "particle" / "tables" / "shield_dose.npz"
MATERIALS = ("Al", "C", "Si", "air", "bone", "CaF2", "GaAs", "LiF", "SiO2", "tissue", "water")
_STATEMENT = re.compile(r"DATA\s*\(\s*(\w+)\(([^)]*)\)\s*,\s*\w\s*=\s*1\s*,\s*(\d+)\s*\)\s*/([^/]*)/", re.S)
# Names in the file -> names here; energies in MeV, ranges and depths in g/cm2, the rest without unit.
_PLAIN = {
    "EP_tab": "proton_range_energy",
    "RP_tab": "proton_range",
    "TP_tab": "proton_energy",
    "ZRP_tab": "proton_depth",
    "EE_tab": "electron_range_energy",
    "RE_tab": "electron_range",
    "YE_tab": "radiation_yield",
    "TE_tab": "electron_energy",
    "AR_tab": "electron_absorbed",
    "RS_tab": "electron_extent",
    "BS_tab": "electron_depth",
    "ZRE_tab": "electron_ratio_depth",
    "ZS_tab": "photon_depth",
    "ZB_tab": "photon_ratio_depth",
}
_ROWS = {
    "DALP": "proton_dose",
    "DRATP": "proton_ratio",
    "DALE_tab": "electron_dose",
    "DALB_tab": "photon_dose",
    "DRATE": "electron_ratio",
    "DRATB": "photon_ratio",
}


def read(text: str) -> dict[str, np.ndarray]:
    """Every table of the file; indices of rows come first, the index along the statement last."""
    text = re.sub(r"\n     \S", " ", text.replace("\r", ""))
    rows: dict[str, dict[tuple[int, ...], np.ndarray]] = {}
    for name, place, count, numbers in _STATEMENT.findall(text):
        values = np.array([float(x.replace("D", "E")) for x in numbers.replace("\n", " ").split(",")])
        if len(values) != int(count):
            raise ValueError(f"{name}({place}): {len(values)} numbers, {count} were said")
        index = tuple(int(part) for part in place.split(",") if part.strip().isdigit())
        rows.setdefault(name, {})[index] = values
    found = {new: rows[old][()] for old, new in _PLAIN.items()}
    for old, new in _ROWS.items():
        shape = tuple(max(index[k] for index in rows[old]) for k in range(len(next(iter(rows[old])))))
        if len(rows[old]) != np.prod(shape):
            raise ValueError(f"{old}: {len(rows[old])} rows, not {shape}")
        length = len(next(iter(rows[old].values())))
        table = np.empty((*shape, length))
        for index, values in rows[old].items():
            table[tuple(k - 1 for k in index)] = values
        found[new] = table
    return found


def main(file: Path, table: Path = TABLE) -> None:
    """All tables under names in words, and the materials of the detector in their order."""
    np.savez_compressed(table, material=np.array(MATERIALS), **read(file.read_text()))


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
