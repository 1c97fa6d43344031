# Reliability of survey scales: one-factor models and omega with its delta-method standard error
# (lavaan), alpha with intervals on small and other samples (psych), polychoric correlations
# (lavaan::lavCor). Run from this folder:
#   Rscript scales.R
suppressPackageStartupMessages({library(lavaan); library(psych); library(jsonlite)})

bfi <- read.csv("../data/bfi.csv")
reversed <- c("A1", "C4", "C5", "E1", "E2", "O2", "O5")
items_of <- function(names) {
  x <- bfi[, names]
  for (item in intersect(names, reversed)) x[[item]] <- 7 - x[[item]]
  x
}

one_factor <- function(names, rows = NULL) {
  x <- items_of(names)
  x <- x[complete.cases(x), ]
  if (!is.null(rows)) x <- x[seq_len(rows), ]
  k <- length(names)
  model <- paste0(
    "f =~ ", paste0("l", seq_len(k), "*", names, collapse = " + "), "\n",
    paste0(names, " ~~ t", seq_len(k), "*", names, collapse = "\n"), "\n",
    "omega := (", paste0("l", seq_len(k), collapse = "+"), ")^2 / ((",
    paste0("l", seq_len(k), collapse = "+"), ")^2 + ", paste0("t", seq_len(k), collapse = "+"), ")")
  fit <- suppressWarnings(cfa(model, x, std.lv = TRUE))
  p <- parameterEstimates(fit)
  measures <- fitMeasures(fit, c("chisq", "df", "cfi", "tli", "rmsea", "srmr", "logl"))
  list(items = names, rows = rows, n = nrow(x),
       loadings = p$est[p$op == "=~"], loadings_se = p$se[p$op == "=~"],
       uniquenesses = p$est[p$op == "~~" & p$lhs != "f"],
       uniquenesses_se = p$se[p$op == "~~" & p$lhs != "f"],
       omega = p$est[p$op == ":="], omega_se = p$se[p$op == ":="], fit = as.list(measures))
}

alpha_of <- function(names, rows, level) {
  x <- items_of(names)
  x <- x[complete.cases(x), ][seq_len(rows), ]
  a <- suppressWarnings(psych::alpha(x, check.keys = FALSE))
  feldt <- alpha.ci(a$total$raw_alpha, n.obs = rows, n.var = length(names), p.val = 1 - level)
  list(items = names, rows = rows, conf_level = level, alpha = a$total$raw_alpha,
       ase = a$total$ase, feldt = c(feldt$lower.ci, feldt$upper.ci),
       item_rest = a$item.stats$r.drop, dropped = a$alpha.drop$raw_alpha)
}

polychoric_of <- function(names) {
  x <- items_of(names)
  x <- x[complete.cases(x), ]
  fit <- lavCor(x, ordered = names, output = "cor")
  empty <- sapply(combn(names, 2, simplify = FALSE), function(p) any(table(x[[p[1]]], x[[p[2]]]) == 0))
  list(items = names, n = nrow(x), rho = unclass(unname(as.matrix(fit))), any_empty = any(empty))
}

# two items with two answers each, one cell empty: lavaan moves half a person into it
two_by_two <- function(table) {
  x <- data.frame(a = rep(c(0, 0, 1, 1), as.vector(t(table))), b = rep(c(0, 1, 0, 1), as.vector(t(table))))
  list(table = table, rho = suppressWarnings(unclass(lavCor(x, ordered = c("a", "b"), output = "cor")))[1, 2])
}

out <- list(
  about = list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")),
               psych = as.character(packageVersion("psych"))),
  one_factor = list(
    one_factor(paste0("A", 1:5)), one_factor(paste0("N", 1:5)), one_factor(paste0("C", 1:5)),
    one_factor(c("E1", "E2", "E3")), one_factor(paste0("E", 1:4)),
    one_factor(c(paste0("N", 1:5), paste0("E", 1:5))), one_factor(paste0("N", 1:5), 40),
    one_factor(paste0("O", 1:5), 60)),
  one_item_against = one_factor(c("O1", "O2", "O3"), 20),
  heywood = one_factor(c("A1", "A3", "A4", "A5"), 40),
  alpha = list(alpha_of(paste0("A", 1:5), 10, .95), alpha_of(paste0("N", 1:5), 25, .9),
               alpha_of(paste0("O", 1:5), 12, .8), alpha_of(c("E1", "E2"), 50, .99),
               alpha_of(c("A2", "N1", "E3"), 15, .95)),
  two_by_two = list(
    two_by_two(matrix(c(20, 10, 0, 15), 2, byrow = TRUE)),
    two_by_two(matrix(c(0, 12, 30, 18), 2, byrow = TRUE)),
    two_by_two(matrix(c(25, 5, 7, 40), 2, byrow = TRUE))),
  polychoric = list(polychoric_of(paste0("N", 1:5)), polychoric_of(paste0("E", 1:5)),
                    polychoric_of(paste0("C", 1:5))))
write(toJSON(out, digits = 15, auto_unbox = TRUE, pretty = TRUE, null = "null"), "scales.json")
