//! Whole rows; `tests/lens/tables.rs` compares with the tools themselves.

use super::*;
use crate::data::{FeatureId, GeneId};
use crate::enrich::GeneSetId;
use crate::lens::tables::{CsvCompression, TableCsv};
use crate::lens::{Direction, GeneTest};

fn names(names: &[&str]) -> Arc<[String]> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn de_row() -> DeRow {
    DeRow {
        feature: FeatureId(5),
        gene: GeneId(1),
        n_pos: 10,
        n_neg: 90,
        mean_pos: 3.0,
        mean_neg: 1.5,
        frac_pos: 0.9,
        frac_neg: 0.25,
        log2_fold_change: 1.5,
        t: 7.5,
        log10_p_t: -400.0,
        padj_t: 0.0,
        u: 810.0,
        auroc: 0.9,
        z: f64::NAN,
        log10_p_wilcoxon: -2.0,
        padj_wilcoxon: 0.02,
    }
}

fn ora_row() -> OraRow {
    OraRow {
        feature: FeatureId(5),
        set: GeneSetId(1),
        direction: Direction::Down,
        k: 2,
        set_size: 40,
        n_selected: 100,
        universe: 1000,
        fold: 0.5,
        odds_ratio: 0.25,
        log10_p: -1.0,
        padj_feature: 0.2,
        padj_global: 0.3,
        mw_z: -2.5,
        mw_log10_p: -3.0,
        mw_padj_feature: 0.004,
        genes: vec!["A".to_owned(), "B".to_owned()],
    }
}

fn gsea_row() -> GseaRow {
    GseaRow {
        feature: FeatureId(5),
        set: GeneSetId(0),
        size: 15,
        es: -0.5,
        nes: -1.25,
        log10_p: -1.0,
        padj: 0.5,
        log2err: 0.125,
        leading_edge: vec!["A".to_owned(), "B".to_owned()],
    }
}

fn text(table: Result<Table, TableError>) -> String {
    let table = table.unwrap();
    let mut csv = TableCsv::new(Vec::new(), table.schema(), CsvCompression::None).unwrap();
    csv.write(&table).unwrap();
    String::from_utf8(csv.finish().unwrap()).unwrap()
}

fn de(convention: Convention, test: GeneTest) -> String {
    text(convention.differential_expression(&[de_row()], &names(&["A", "B"]), test))
}

#[test]
fn differential_expression_has_every_column() {
    let expected = "feature,gene,n_pos,n_neg,mean_pos,mean_neg,frac_pos,frac_neg,log2_fold_change,t,log10_p_t,padj_t,u,\
        auroc,log10_p_wilcoxon,padj_wilcoxon\n5,B,10,90,3.0,1.5,0.9,0.25,1.5,7.5,-400.0,0.0,810.0,0.9,-2.0,0.02\n";
    assert_eq!(de(Convention::FeatureScope, GeneTest::Welch), expected);
}

#[test]
fn the_papers_fold_change_is_linear() {
    let expected = "feature,gene,mean_positive,mean_negative,fold_change,t_statistic,p_value,padj\n\
        5,B,3.0,1.5,1.999999986666667,7.5,1e-400,0.0\n";
    assert_eq!(de(Convention::Paper, GeneTest::Wilcoxon), expected);
}

#[test]
fn scanpy_shows_the_test_asked_for() {
    let header = "group,names,scores,logfoldchanges,pvals,pvals_adj\n";
    assert_eq!(de(Convention::Scanpy, GeneTest::Welch), format!("{header}5,B,7.5,1.5,1e-400,0.0\n"));
    assert_eq!(de(Convention::Scanpy, GeneTest::Wilcoxon), format!("{header}5,B,,1.5,0.01,0.02\n"));
}

#[test]
fn over_representation_has_each_tools_columns() {
    let of = |convention: Convention| text(convention.over_representation(&[ora_row()], &names(&["S", "T"])));
    let ours = "feature,set,direction,k,set_size,n_selected,universe,fold,odds_ratio,log10_p,padj_feature,padj_global,mw_z,\
        mw_log10_p,mw_padj_feature,genes\n5,T,down,2,40,100,1000,0.5,0.25,-1.0,0.2,0.3,-2.5,-3.0,0.004,A;B\n";
    assert_eq!(of(Convention::FeatureScope), ours);
    let gseapy = "feature,direction,Term,Overlap,P-value,Adjusted P-value,Odds Ratio,Combined Score,Genes\n\
        5,down,T,2/40,0.1,0.2,0.25,0.5756462732485115,A;B\n";
    assert_eq!(of(Convention::GseaPy), gseapy);
    let fora = "feature,direction,pathway,pval,padj,foldEnrichment,overlap,size,overlapGenes\n\
        5,down,T,0.1,0.2,0.5,2,40,A B\n";
    assert_eq!(of(Convention::Fgsea), fora);
    let cluster_profiler = "feature,direction,ID,Description,GeneRatio,BgRatio,pvalue,p.adjust,geneID,Count\n\
        5,down,T,T,2/100,40/1000,0.1,0.2,A/B,2\n";
    assert_eq!(of(Convention::ClusterProfiler), cluster_profiler);
}

#[test]
fn gsea_has_each_tools_columns() {
    let of = |convention: Convention| text(convention.gsea(&[gsea_row()], &names(&["S"])));
    let ours = "feature,set,size,es,nes,log10_p,padj,log2err,leading_edge\n5,S,15,-0.5,-1.25,-1.0,0.5,0.125,A;B\n";
    assert_eq!(of(Convention::FeatureScope), ours);
    let gseapy = "feature,Term,ES,NES,NOM p-val,FDR q-val,Lead_genes\n5,S,-0.5,-1.25,0.1,0.5,A;B\n";
    assert_eq!(of(Convention::GseaPy), gseapy);
    let fgsea = "feature,pathway,pval,padj,log2err,ES,NES,size,leadingEdge\n5,S,0.1,0.5,0.125,-0.5,-1.25,15,A B\n";
    assert_eq!(of(Convention::Fgsea), fgsea);
    let cluster_profiler = "feature,ID,Description,setSize,enrichmentScore,NES,pvalue,p.adjust,core_enrichment\n\
        5,S,S,15,-0.5,-1.25,0.1,0.5,A/B\n";
    assert_eq!(of(Convention::ClusterProfiler), cluster_profiler);
}

#[test]
fn a_convention_without_a_table_names_those_with_one() {
    for convention in Convention::ALL {
        let tables = [
            convention.differential_expression(&[], &names(&[]), GeneTest::Welch),
            convention.over_representation(&[], &names(&[])),
            convention.gsea(&[], &names(&[])),
        ];
        let kinds = [Results::DifferentialExpression, Results::OverRepresentation, Results::Gsea];
        for (table, kind) in tables.iter().zip(kinds) {
            assert_eq!(
                table.is_ok(),
                kind.conventions().contains(&convention),
                "{} {}",
                convention.name(),
                kind.name()
            );
        }
    }
    let refused = Convention::Scanpy.gsea(&[], &names(&[])).unwrap_err().to_string();
    let expected = "scanpy has no columns for gene-set enrichment analysis; choose one of: FeatureScope, GSEApy, fgsea, clusterProfiler";
    assert_eq!(refused, expected);
}

#[test]
fn a_gene_without_a_name_is_an_error() {
    let refused = Convention::FeatureScope.differential_expression(&[de_row()], &names(&["A"]), GeneTest::Welch);
    assert!(matches!(refused, Err(TableError::CategoryCode { code: 1, n_names: 1, .. })));
}

#[test]
fn every_feature_is_a_group() {
    let rows = [4, 4, 7, 4].map(|feature| DeRow { feature: FeatureId(feature), ..de_row() });
    let table = text(Convention::Scanpy.differential_expression(&rows, &names(&["A", "B"]), GeneTest::Welch));
    let groups: Vec<&str> = table.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(groups, ["4", "4", "7", "4"]);
}
