//! The columns of the ten layouts with the headings they are met under (layouts.md 1.4 and 3).

use super::kind::ColumnKind::{Date, Id, Int, Money, Month, Phone, Text};
use super::kind::{Column, ColumnKind};

const fn may(
    key: &'static str,
    heading: &'static str,
    kind: ColumnKind,
    synonyms: &'static str,
) -> Column {
    Column { key, heading, kind, required: false, synonyms }
}

const fn must(
    key: &'static str,
    heading: &'static str,
    kind: ColumnKind,
    synonyms: &'static str,
) -> Column {
    Column { key, heading, kind, required: true, synonyms }
}

const NAMES: &str = "姓名|借款学生姓名|学生姓名|借款人姓名|借款学生|借款人|学生";
const IDS: &str = "身份证号|身份证号码|身份证件号|身份证件号码|公民身份证号码|公民身份号码|\
    居民身份证号码|居民身份证号|身份证|证件号码|借款学生身份证号|借款学生身份证号码";
const CONTRACT_NUMBERS: &str = "合同编号|合同号|贷款合同号|贷款合同编号|借款合同编号|借款合同号";
const PHONES: &str = "手机|手机号|手机号码|联系电话|联系方式|移动电话|本人手机|学生手机|电话|\
    借款学生手机";
const CO_PHONES: &str = "共同借款人手机|共同借款人手机号|共同借款人手机号码|共同借款人联系电话|\
    共同借款人电话|共同借款人联系方式|家长电话|家长手机";
const CO_NAMES: &str = "共同借款人姓名|共同借款人";
const CO_IDS: &str = "共同借款人身份证号|共同借款人身份证号码|共同借款人身份证件号|\
    共同借款人证件号码";
const RELATIONS: &str = "与学生关系|与借款学生关系|与借款人关系|与本人关系|关系|共同借款人关系|\
    共同借款人与学生关系";
const TOWNSHIPS: &str = "乡镇|乡镇街道|乡镇/街道|镇街|镇/街道|镇(街道)|户籍(镇/街道)|所在乡镇";
const VILLAGES: &str = "村|社区|村社区|村/社区|村居|行政村|村(居)|村(居委会)";
const UNIVERSITIES: &str = "就读高校|就读高校名称|高校|高校(全称)|高校名称|学校名称|就读学校|\
    毕业高校|毕业院校|就读院校|院校";
const GRADUATIONS: &str = "毕业年月|毕业时间|毕业日期|预计毕业时间|预计毕业年月";
const FAMILIES: &str = "家庭类型|困难类型|家庭困难类型|贫困类型";
const LOAN_YEARS: &str = "贷款学年|学年|贷款年度|申请学年|年度";
const AMOUNTS: &str = "贷款金额|合同金额|借款金额|金额|贷款总金额|申请贷款金额|计划贷款金额";
const BALANCES: &str = "贷款余额|余额|剩余本金|本金余额";
const RECEIPT_CODES: &str = "回执校验码|回执检验码|回执码|贷款回执校验码|国开行回执校验码";

pub(super) const BORROWERS: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    must("name", "借款学生姓名", Text, NAMES),
    must("id_number", "身份证号", Id, IDS),
    may("sex", "性别", Text, ""),
    may("birth_date", "出生日期", Date, "出生年月日|生日"),
    may("ethnic", "民族", Text, ""),
    may("household_type", "户口性质", Text, "户口类型"),
    may("township", "乡镇（街道）", Text, TOWNSHIPS),
    may("village", "村（社区）", Text, VILLAGES),
    may("village_code", "村级代码", Id, "行政区划代码|村代码"),
    may("address", "家庭详细地址", Text, "家庭住址|家庭地址|通讯地址|家庭详细住址|入学前户籍|地址"),
    may("police_station", "派出所", Text, "户籍派出所|辖区派出所"),
    may("high_school", "毕业高中", Text, "毕业中学|高中学校|高中"),
    may("university", "就读高校", Text, UNIVERSITIES),
    may("university_code", "学校代码", Id, "高校代码|院校代码"),
    may("major", "专业", Text, "专业名称"),
    may("student_number", "学号", Id, ""),
    may("degree", "学历层次", Text, "学历|层次|培养层次"),
    may("study_years", "学制（年）", Int, "学制"),
    may("enrolment", "入学年月", Month, "入学年份|入学时间|入学日期"),
    may("graduation", "毕业年月", Month, GRADUATIONS),
    may("family_category", "家庭类型", Text, FAMILIES),
    may("difficulty", "困难等级", Text, "困难级别|认定困难级别名称|认定等级|困难程度|贫困程度"),
    may("phone", "手机", Phone, PHONES),
    may("email", "电子邮箱", Text, "邮箱|电子邮件|常用e-mail|email"),
    may("co_name", "共同借款人姓名", Text, CO_NAMES),
    may("co_relation", "与学生关系", Text, RELATIONS),
    may("co_id_number", "共同借款人身份证号", Id, CO_IDS),
    may("co_phone", "共同借款人手机", Phone, CO_PHONES),
    may("remark", "备注", Text, "说明"),
];

pub(super) const CONTRACTS: &[Column] = &[
    must("contract_number", "合同编号", Id, CONTRACT_NUMBERS),
    may("name", "借款学生姓名", Text, NAMES),
    must("id_number", "身份证号", Id, IDS),
    must("loan_year", "贷款学年", Text, LOAN_YEARS),
    may("kind", "首贷续贷", Text, "首贷/续贷|办理项目|是否新申请|贷款类型"),
    must("amount", "贷款金额（元）", Money, AMOUNTS),
    may("tuition", "学费（元）", Money, "学费应收数|本学年学费"),
    may("lodging", "住宿费（元）", Money, "住宿费应收数"),
    may("term_years", "贷款期限（年）", Int, "贷款年限|借款期限|期限"),
    may("signed_on", "合同签订日期", Date, "签订日期|合同签订时间|签订时间|签约日期"),
    may("disbursed_on", "发放日期", Date, "放款日期|放款时间|发放时间|贷款开始日期|贷款开始时间"),
    must("due_on", "到期日期", Date, "到期日|贷款到期日|合同到期日"),
    may("subsidy_until", "贴息截止日", Date, "贴息截止日期|贴息到期日"),
    may("grace_years", "还本宽限期（年）", Int, "宽限期|还本宽限期限"),
    may("receipt_code", "回执校验码", Text, RECEIPT_CODES),
    may("receipt_on", "回执录入日期", Date, "回执录入时间|回执日期"),
    may("agent", "代理结算机构", Text, "代理机构|代理结算网点|代理银行"),
    may("account", "还款账户", Text, "个人账号|贷款账号|还款账号|支付宝账号"),
    may("co_name", "共同借款人姓名", Text, CO_NAMES),
    may("co_id_number", "共同借款人身份证号", Id, CO_IDS),
    may("status", "合同状态", Text, "贷款状态|状态"),
    may("balance", "贷款余额（元）", Money, BALANCES),
];

pub(super) const REPAYMENTS: &[Column] = &[
    must("contract_number", "合同编号", Id, CONTRACT_NUMBERS),
    may("name", "借款学生姓名", Text, NAMES),
    may("id_number", "身份证号", Id, IDS),
    must("due_on", "应还日期", Date, "应还款日期|应还日|还款到期日"),
    may("due_principal", "应还本金（元）", Money, "应收本金"),
    may("due_interest", "应还利息（元）", Money, "应收利息"),
    may("waived_interest", "免除利息（元）", Money, "减免利息|免息金额"),
    may("paid_on", "还款日期", Date, "还款时间|实还日期|实际还款日期"),
    must("paid_principal", "实还本金（元）", Money, "已还本金|收回本金|实收本金"),
    may("paid_interest", "实还利息（元）", Money, "已还利息|收回利息|实收利息"),
    may("paid_penalty", "实还罚息（元）", Money, "已还罚息|收回罚息|实收罚息"),
    may("paid_total", "实还合计（元）", Money, "还款金额|实还金额|实还总额"),
    must("kind", "还款类型", Text, "还款状态|还款种类|类型"),
    may("channel", "还款渠道", Text, "还款方式|渠道"),
    may("balance_after", "还款后贷款余额（元）", Money, "贷款余额|还款后余额|余额"),
];

pub(super) const OVERDUE: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    may("name", "借款学生姓名", Text, NAMES),
    may("id_number", "身份证号", Id, IDS),
    must("contract_number", "合同编号", Id, CONTRACT_NUMBERS),
    may("university", "毕业高校", Text, UNIVERSITIES),
    may("graduation", "毕业年月", Month, GRADUATIONS),
    may("township", "乡镇（街道）", Text, TOWNSHIPS),
    may("village", "村（社区）", Text, VILLAGES),
    may("police_station", "派出所", Text, "户籍派出所|辖区派出所"),
    may("phone", "手机", Phone, PHONES),
    may("co_name", "共同借款人姓名", Text, CO_NAMES),
    may("co_relation", "与学生关系", Text, RELATIONS),
    may("co_phone", "共同借款人手机", Phone, CO_PHONES),
    may("balance", "贷款余额（元）", Money, BALANCES),
    must("overdue_principal", "逾期本金（元）", Money, "拖欠本金|借款人拖欠本金总额"),
    must("overdue_interest", "逾期利息（元）", Money, "拖欠利息|借款人拖欠利息总额"),
    may("penalty", "罚息（元）", Money, "逾期罚息"),
    may("overdue_total", "逾期合计（元）", Money, "逾期总额|逾期金额|合计"),
    may("first_overdue_on", "首次逾期日期", Date, "逾期日期|首次逾期时间|逾期起始日|违约时间"),
    may("overdue_days", "逾期天数", Int, ""),
    may("cut_off", "截止日期", Date, "数据截止日期|截至日期|统计日期"),
    may("contact_result", "联系情况", Text, "是否联系到|跟进情况|违约详情"),
];

pub(super) const GRADUATION: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    may("name", "借款学生姓名", Text, NAMES),
    must("id_number", "身份证号", Id, IDS),
    may("university", "就读高校", Text, UNIVERSITIES),
    must("graduation", "毕业年月", Month, GRADUATIONS),
    must("confirmed_on", "毕业确认日期", Date, "确认日期|毕业确认时间"),
    may("destination", "毕业去向", Text, "去向|就业去向"),
    may("phone", "手机", Phone, PHONES),
    may("contracts", "贷款笔数", Int, "合同笔数|贷款次数"),
    may("principal", "贷款本金合计（元）", Money, "贷款本金|贷款总金额|累计放款金额"),
    may("self_pay_from", "自付利息起始日", Date, "自付利息起始日期|自付息起始日"),
    may("remark", "备注", Text, "说明"),
];

pub(super) const PREAPPLY: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    must("name", "学生姓名", Text, NAMES),
    must("id_number", "身份证号", Id, IDS),
    may("high_school", "毕业高中", Text, "毕业中学|就读高中|高中学校|高中|学校"),
    may("class_name", "班级", Text, "行政班级"),
    may("township", "乡镇（街道）", Text, TOWNSHIPS),
    may("village", "村（社区）", Text, VILLAGES),
    may("family_category", "家庭类型", Text, FAMILIES),
    may("phone", "联系电话", Phone, PHONES),
    must("applied_on", "申请日期", Date, "申请时间|预申请日期|提交日期"),
    may("school_opinion", "学校审核意见", Text, "学校意见|高中审核意见"),
    may("county_opinion", "县级资助中心审核意见", Text, "资助中心意见|县级审核意见"),
];

pub(super) const HARDSHIP: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    must("name", "姓名", Text, NAMES),
    may("id_type", "身份证件类型", Text, "证件类型"),
    must("id_number", "身份证件号", Id, IDS),
    must("difficulty", "认定困难级别名称", Text, "困难级别|困难等级|认定等级|认定困难级别"),
    must("recognised_on", "认定时间", Date, "认定日期"),
    may("reason", "认定原因", Text, "困难原因|申请原因"),
    may("class_opinion", "班级认定意见", Text, "班级意见"),
    may("grade_opinion", "年级认定意见", Text, "年级意见"),
];

pub(super) const ENLISTMENT: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    must("name", "姓名", Text, NAMES),
    must("id_number", "身份证号", Id, IDS),
    may("university", "就读高校", Text, UNIVERSITIES),
    must("enlisted_on", "入伍时间", Date, "入伍日期"),
    may("discharged_on", "退役时间", Date, "退役日期|退伍时间"),
    must("contract_numbers", "贷款合同号", Text, CONTRACT_NUMBERS),
    may("principal", "贷款本金（元）", Money, "贷款本金金额|贷款金额"),
    may("applied", "申请代偿金额（元）", Money, "申请补偿金额|申请补偿代偿金额"),
    may("approved", "批准代偿金额（元）", Money, "批准补偿代偿金额|批准补偿金额"),
    may("paid_on", "拨付时间", Date, "拨付日期|代偿时间"),
];

pub(super) const RECEIPTS: &[Column] = &[
    may("seq", "序号", Int, "编号"),
    must("name", "姓名", Text, NAMES),
    may("class_name", "班级", Text, "行政班级|专业班级"),
    must("student_number", "学号", Id, ""),
    may("province", "生源地省份", Text, "生源省份|省份"),
    may("address", "生源地具体地址", Text, "生源地地址|家庭地址"),
    must("receipt_code", "回执校验码", Text, RECEIPT_CODES),
    must("amount", "贷款金额（元）", Money, AMOUNTS),
    may("is_new", "是否新申请", Text, "是否首贷|首贷续贷"),
    may("phone", "联系方式", Phone, PHONES),
    may("university", "就读高校", Text, UNIVERSITIES),
    must("loan_year", "贷款学年", Text, LOAN_YEARS),
];

pub(super) const MONTHLY: &[Column] = &[
    must("month", "月份", Text, "月度|统计月份"),
    must("signed", "新签合同（笔）", Int, "新签合同笔数"),
    must("signed_amount", "新签合同金额（元）", Money, ""),
    must("disbursed", "发放（笔）", Int, "发放笔数|放款笔数"),
    must("disbursed_amount", "发放金额（元）", Money, "放款金额"),
    must("repaid", "还款（笔）", Int, "还款笔数"),
    must("principal", "收回本金（元）", Money, ""),
    must("interest", "收回利息（元）", Money, ""),
    must("penalty", "收回罚息（元）", Money, ""),
    may("compensated", "其中：国家代偿（元）", Money, "国家代偿"),
    must("balance", "月末贷款余额（元）", Money, "月末余额|贷款余额"),
];
