//! Headings that several kinds of sheet have for the same column, `|` between them (layouts.md 1.4
//! and 3).

pub const NAMES: &str = "姓名|借款学生姓名|学生姓名|借款人姓名|借款学生|借款人|学生";
pub const IDS: &str = "身份证号|身份证号码|身份证件号|身份证件号码|公民身份证号码|公民身份号码|\
    居民身份证号码|居民身份证号|身份证|证件号码|借款学生身份证号|借款学生身份证号码";
pub const CONTRACT_NUMBERS: &str =
    "合同编号|合同号|贷款合同号|贷款合同编号|借款合同编号|借款合同号";
pub const PHONES: &str = "手机|手机号|手机号码|联系电话|联系方式|移动电话|本人手机|学生手机|电话|\
    借款学生手机";
pub const CO_PHONES: &str = "共同借款人手机|共同借款人手机号|共同借款人手机号码|共同借款人联系电话|\
    共同借款人电话|共同借款人联系方式|家长电话|家长手机";
pub const CO_NAMES: &str = "共同借款人姓名|共同借款人";
pub const CO_IDS: &str = "共同借款人身份证号|共同借款人身份证号码|共同借款人身份证件号|\
    共同借款人证件号码";
pub const RELATIONS: &str = "与学生关系|与借款学生关系|与借款人关系|与本人关系|关系|共同借款人关系|\
    共同借款人与学生关系";
pub const TOWNSHIPS: &str = "乡镇|乡镇街道|乡镇/街道|镇街|镇/街道|镇(街道)|户籍(镇/街道)|所在乡镇";
pub const VILLAGES: &str = "村|社区|村社区|村/社区|村居|行政村|村(居)|村(居委会)";
pub const UNIVERSITIES: &str = "就读高校|就读高校名称|高校|高校(全称)|高校名称|学校名称|就读学校|\
    毕业高校|毕业院校|就读院校|院校";
pub const GRADUATIONS: &str = "毕业年月|毕业时间|毕业日期|预计毕业时间|预计毕业年月";
pub const FAMILIES: &str = "家庭类型|困难类型|家庭困难类型|贫困类型";
pub const LOAN_YEARS: &str = "贷款学年|学年|贷款年度|申请学年|年度";
pub const AMOUNTS: &str = "贷款金额|合同金额|借款金额|金额|贷款总金额|申请贷款金额|计划贷款金额";
pub const BALANCES: &str = "贷款余额|余额|剩余本金|本金余额";
pub const RECEIPT_CODES: &str = "回执校验码|回执检验码|回执码|贷款回执校验码|国开行回执校验码";
