"""GTEx's tissues and the ontology terms that stand for them.

The terms are those of GTEx's own documentation, with one exception, which AlphaGenome's documentation states: GTEx
gives the term of the cerebellum, UBERON:0002037, to the cerebellar hemisphere as well; here that one has its own term.
Several are proxies: liver samples are of the right lobe, lung samples of the upper lobe of the left lung. A question
for UBERON:0002107 (liver) therefore misses GTEx's liver, unless it asks for all terms below it, too.
"""

import re

GTEX_TERMS: dict[str, str] = {
    "Adipose_Subcutaneous": "UBERON:0002190",
    "Adipose_Visceral_Omentum": "UBERON:0010414",
    "Adrenal_Gland": "UBERON:0002369",
    "Artery_Aorta": "UBERON:0001496",
    "Artery_Coronary": "UBERON:0001621",
    "Artery_Tibial": "UBERON:0007610",
    "Bladder": "UBERON:0001255",
    "Brain_Amygdala": "UBERON:0001876",
    "Brain_Anterior_cingulate_cortex_BA24": "UBERON:0009835",
    "Brain_Caudate_basal_ganglia": "UBERON:0001873",
    "Brain_Cerebellar_Hemisphere": "UBERON:0002245",
    "Brain_Cerebellum": "UBERON:0002037",
    "Brain_Cortex": "UBERON:0001870",
    "Brain_Frontal_Cortex_BA9": "UBERON:0009834",
    "Brain_Hippocampus": "UBERON:0001954",
    "Brain_Hypothalamus": "UBERON:0001898",
    "Brain_Nucleus_accumbens_basal_ganglia": "UBERON:0001882",
    "Brain_Putamen_basal_ganglia": "UBERON:0001874",
    "Brain_Spinal_cord_cervical_c-1": "UBERON:0006469",
    "Brain_Substantia_nigra": "UBERON:0002038",
    "Breast_Mammary_Tissue": "UBERON:0008367",
    "Cells_Cultured_fibroblasts": "EFO:0002009",
    "Cells_EBV-transformed_lymphocytes": "EFO:0000572",
    "Cervix_Ectocervix": "UBERON:0012249",
    "Cervix_Endocervix": "UBERON:0000458",
    "Colon_Sigmoid": "UBERON:0001159",
    "Colon_Transverse": "UBERON:0001157",
    "Esophagus_Gastroesophageal_Junction": "UBERON:0004550",
    "Esophagus_Mucosa": "UBERON:0006920",
    "Esophagus_Muscularis": "UBERON:0004648",
    "Fallopian_Tube": "UBERON:0003889",
    "Heart_Atrial_Appendage": "UBERON:0006631",
    "Heart_Left_Ventricle": "UBERON:0006566",
    "Kidney_Cortex": "UBERON:0001225",
    "Kidney_Medulla": "UBERON:0001293",
    "Liver": "UBERON:0001114",
    "Lung": "UBERON:0008952",
    "Minor_Salivary_Gland": "UBERON:0006330",
    "Muscle_Skeletal": "UBERON:0011907",
    "Nerve_Tibial": "UBERON:0001323",
    "Ovary": "UBERON:0000992",
    "Pancreas": "UBERON:0001150",
    "Pituitary": "UBERON:0000007",
    "Prostate": "UBERON:0002367",
    "Skin_Not_Sun_Exposed_Suprapubic": "UBERON:0036149",
    "Skin_Sun_Exposed_Lower_leg": "UBERON:0004264",
    "Small_Intestine_Terminal_Ileum": "UBERON:0001211",
    "Spleen": "UBERON:0002106",
    "Stomach": "UBERON:0000945",
    "Testis": "UBERON:0000473",
    "Thyroid": "UBERON:0002046",
    "Uterus": "UBERON:0000995",
    "Vagina": "UBERON:0000996",
    "Whole_Blood": "UBERON:0013756",
}
"""Tissue, as in file names of GTEx, to term."""

EXCEPTION = ("Brain_Cerebellar_Hemisphere", "UBERON:0002037")
"""The tissue whose term is not GTEx's, and the term that GTEx gives to it."""


def plain_tissue(name: str) -> str:
    """Return a tissue's name as names are compared: letters and digits alone, in lower case.

    >>> plain_tissue("Brain - Cerebellar hemisphere") == plain_tissue("Brain_Cerebellar_Hemisphere")
    True
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_PLAIN_NAME = {plain_tissue(tissue): (tissue, term) for tissue, term in GTEX_TERMS.items()}


def gtex_tissue(name: str) -> tuple[str, str] | None:
    """Return a tissue's name as GTEx's files have it, and its term; None for what is not one of GTEx's tissues.

    >>> gtex_tissue("Brain - Cerebellar hemisphere")
    ('Brain_Cerebellar_Hemisphere', 'UBERON:0002245')
    """
    return _BY_PLAIN_NAME.get(plain_tissue(name))
